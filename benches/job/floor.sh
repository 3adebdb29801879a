# The floor: the whole job as one script, as somebody would write it by hand for speed. Run as
# `sh -s -- NAME ROOT MODE MAXCLIENTS` with MODE apply or dry. What stands between at signs is put in: the values of
# vars.yml, and templates.
set -eu
name=$1 root=$2 mode=$3 changed=0 NL='
'
@variables@
maxclients=${4:-$maxclients}

while read -r k n u; do [ "$k" = MemTotal: ] && break; done </proc/meminfo
ram=$((n / 1024)) maxmemory_mb=$((n / 1024 * maxmemory_pct / 100 / 16 * 16))
[ "$ram" -ge 256 ] || { echo "$name: too little RAM"; exit 1; }
stats=$(stat -c '%n %a %u:%g' "$root/etc/redis" "$root/etc/sysctl.d" "$root/etc/systemd/system/redis-server.service.d" \
	"$root/etc/security/limits.d" "$root/var/lib/redis" "$root/var/log/redis" "$root/etc/redis/redis.conf" \
	"$root/etc/sysctl.d/99-redis.conf" "$root/etc/systemd/system/disable-thp.service" \
	"$root/etc/systemd/system/redis-server.service.d/limits.conf" "$root/etc/security/limits.d/redis.conf" 2>/dev/null) || :
has() { case "$NL$stats$NL" in *"$NL$1 $2 0:0$NL"*) return 0 ;; esac; return 1; }

# PATH MODE
directory() {
	has "$root/$1" "$2" && return 0
	changed=$((changed + 1))
	[ "$mode" = dry ] && { echo "$name: would create $1"; return 0; }
	(umask 022; mkdir -p "$root/$1"); chmod "$2" "$root/$1"; chown 0:0 "$root/$1"
}

# PATH MODE CONTENT
file() {
	p="$root/$1" same=0
	if [ -f "$p" ]; then cur=$(cat "$p"; echo x); [ "$cur" = "$3${NL}x" ] && same=1; fi
	if [ $same = 1 ]; then
		has "$p" "$2" && return 0
		changed=$((changed + 1)); [ "$mode" = dry ] && return 0
		chmod "$2" "$p"; chown 0:0 "$p"; return 0
	fi
	changed=$((changed + 1))
	if [ "$mode" = dry ]; then
		if [ -f "$p" ]; then printf '%s\n' "$3" | diff -u "$p" - || :; else echo "$name: would create $1"; fi
		return 0
	fi
	(umask 077; printf '%s\n' "$3" >"$p.new"); chmod "$2" "$p.new"; chown 0:0 "$p.new"; mv -f "$p.new" "$p"
}

directory etc/redis 755
directory etc/sysctl.d 755
directory etc/systemd/system/redis-server.service.d 755
directory etc/security/limits.d 755
directory var/lib/redis 750
directory var/log/redis 750
file etc/redis/redis.conf 640 @redis.conf.j2@
file etc/sysctl.d/99-redis.conf 644 @99-redis.conf.j2@
file etc/systemd/system/disable-thp.service 644 @disable-thp.service.j2@
file etc/systemd/system/redis-server.service.d/limits.conf 644 @limits.conf.j2@
file etc/security/limits.d/redis.conf 644 @redis.limits.j2@
read -r thp </sys/kernel/mm/transparent_hugepage/enabled
overcommit=$(cat /proc/sys/vm/overcommit_memory)
kernel=$(uname -r)
case $thp in *never*) ;; *) exit 1 ;; esac
case $overcommit in 0 | 1 | 2) ;; *) exit 1 ;; esac
[ -n "$kernel" ] || exit 1
mm=$(grep -E '^maxmemory ' "$root/etc/redis/redis.conf")
[ "$mm" = "maxmemory ${maxmemory_mb}mb" ] || { echo "$name: post-check failed: $mm"; exit 1; }
echo "$name: changed=$changed"
