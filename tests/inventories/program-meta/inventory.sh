#!/bin/sh
test "$1" = --list || exit 1
cat <<'END'
{
  "caches": {"hosts": ["c1", "c2"], "vars": {"port": 6379, "t": "{{ x }}"}, "children": ["eu"]},
  "eu": {"hosts": ["c3"]},
  "empty": {"hosts": []},
  "_meta": {"hostvars": {"c1": {"ansible_host": "192.0.2.1", "list": [1, null]}, "c3": {}, "unknown": {"x": 1}}}
}
END
