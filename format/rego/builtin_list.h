/* The families of builtins, each in a file of its own: FAMILY(x) stands for `rego_family_x`. */
FAMILY(operators)
FAMILY(graph)
FAMILY(net)
FAMILY(semver)
FAMILY(time)
FAMILY(units)
FAMILY(uri)
FAMILY(uuid)
