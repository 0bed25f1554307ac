"""The chart. (To come.)"""


def draw(result):
    return ""
