def page(result, titles):
    return ""
