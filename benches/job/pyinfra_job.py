"""The same 20 tasks for pyinfra 3. What only reads is a fact, which is pyinfra's own way."""
import os
from pyinfra import host
from pyinfra.facts.hardware import Memory
from pyinfra.facts.server import Command
from pyinfra.operations import files, python

HERE = os.path.dirname(os.path.abspath(__file__))
values = {}
with open(os.path.join(HERE, "vars.yml")) as lines:
    for line in lines:
        if line.strip() and not line.startswith("#"):
            name, value = line.strip().split(": ", 1)
            values[name] = value
if host.data.get("maxclients"):
    values["maxclients"] = host.data.maxclients
root = host.data.root

ram = int(host.get_fact(Memory))
assert ram >= 256
values["maxmemory_mb"] = ram * int(values["maxmemory_pct"]) // 100 // 16 * 16

for name, path, mode in (
    ("Config directory", "etc/redis", "755"),
    ("Sysctl directory", "etc/sysctl.d", "755"),
    ("Unit drop-in directory", "etc/systemd/system/redis-server.service.d", "755"),
    ("Limits directory", "etc/security/limits.d", "755"),
    ("Data directory", "var/lib/redis", "750"),
    ("Log directory", "var/log/redis", "750"),
):
    files.directory(name=name, path=f"{root}/{path}", user="root", group="root", mode=mode)

for name, source, path, mode in (
    ("Render redis.conf", "redis.conf.j2", "etc/redis/redis.conf", "640"),
    ("Render sysctl settings", "99-redis.conf.j2", "etc/sysctl.d/99-redis.conf", "644"),
    ("Render THP unit", "disable-thp.service.j2", "etc/systemd/system/disable-thp.service", "644"),
    ("Render unit limits drop-in", "limits.conf.j2", "etc/systemd/system/redis-server.service.d/limits.conf", "644"),
    ("Render PAM limits", "redis.limits.j2", "etc/security/limits.d/redis.conf", "644"),
):
    files.template(name=name, src=os.path.join(HERE, "templates", source), dest=f"{root}/{path}",
                   user="root", group="root", mode=mode, create_remote_dir=False, **values)

thp = host.get_fact(Command, command="cat /sys/kernel/mm/transparent_hugepage/enabled")
overcommit = host.get_fact(Command, command="cat /proc/sys/vm/overcommit_memory")
kernel = host.get_fact(Command, command="uname -r")
assert "never" in thp and int(overcommit) in (0, 1, 2) and kernel


def post_check(want):
    ok, out = host.run_shell_command(f"grep -E '^maxmemory ' {root}/etc/redis/redis.conf")
    assert ok and out.stdout == want, (out.stdout, want)


python.call(name="Post-check maxmemory", function=post_check, want=f"maxmemory {values['maxmemory_mb']}mb")
