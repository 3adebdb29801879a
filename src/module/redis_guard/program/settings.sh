#!/bin/sh
# Keeps the memory of one Redis or Valkey within what its host has: purges, defragments harder, and lowers the live
# `maxmemory` step by step while memory is short; raises it again afterwards. Written by Cachesmith, started by systemd:
#   guard INSTANCE
# Off: systemctl stop cachesmith-guard@INSTANCE (until the next boot), systemctl disable --now (for good).
#
# It needs a POSIX sh, sleep, mv, date and redis-cli or valkey-cli. While memory is not short, a turn costs one
# process (sleep); files of /proc and /sys are read by the shell itself. All sizes are bytes, all times hundredths
# of a second since the boot, unless a name says otherwise.

set -u
LC_ALL=C
PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/bin:/bin
# The client reads and writes no files in a home.
HOME=/nonexistent
export LC_ALL PATH HOME
unset IFS REDISCLI_AUTH VALKEYCLI_AUTH

instance=${1:?usage: guard INSTANCE}
# Where things are; tests put others in their place.
settings_file=${GUARD_SETTINGS:-/etc/cachesmith/guard/$instance.conf}
run=${GUARD_RUN:-/run/cachesmith-guard}
proc=${GUARD_PROC:-/proc}
groups_root=${GUARD_CGROUPS:-/sys/fs/cgroup}
status_file=$run/$instance.status

newline='
'
return_character=$(printf '\r')
MIB=1048576

# Lines go to the journal; the number is its priority.
tell() { printf '<6>%s\n' "$*"; }
warn() { printf '<4>%s\n' "$*"; }
alarm() { printf '<3>%s\n' "$*"; }
# complain KEY TEXT: an alarm, but the same one at most once a minute.
complained_key=''
complained_at=-6000
complain() {
	if [ "$1" != "$complained_key" ] || [ $((now - complained_at)) -ge 6000 ]; then
		alarm "$2"
		complained_key=$1
		complained_at=$now
	fi
}

mib() { printf '%s MiB' $(($1 / MIB)); }

# portion A B C: sets `portion` to A times B by C; in KiB, for the product of bytes may not fit.
portion() {
	a=$(($1 / 1024)) b=$(($2 / 1024)) c=$(($3 / 1024 + 1))
	portion=$((a * b / c))
	portion=$((portion * 1024))
}

# --- settings: key=value, never run as a program ---
host=127.0.0.1
port=0
socket=''
user=''
password_file=''
# Whether the port is one of TLS, the authority that vouches for the server, and what the guard shows of itself.
tls=''
tls_ca_file=''
tls_ca_folder=''
tls_certificate=''
tls_key=''
client=''
planned=0
floor=0
# 0: the smallest of all limits above the server. Otherwise what the server's resident memory may be.
limit_wanted=0
# Percent of the limit; 0: follows from the limit (see `marks`).
high_percent=0
low_percent=0
# The part of the host that is this server's, where several share it. Percent.
share=100
# Whether the build is proven to defragment, and how hard it may then be made to: percent of a processor.
defragmentation=no
effort=50

read_settings() {
	[ -r "$settings_file" ] || return 1
	while IFS='=' read -r key value || [ -n "$key" ]; do
		case $key in
		host) host=$value ;;
		port) port=$value ;;
		socket) socket=$value ;;
		user) user=$value ;;
		password_file) password_file=$value ;;
		tls) tls=$value ;;
		tls_ca_file) tls_ca_file=$value ;;
		tls_ca_folder) tls_ca_folder=$value ;;
		tls_certificate) tls_certificate=$value ;;
		tls_key) tls_key=$value ;;
		client) client=$value ;;
		planned_maxmemory) planned=$value ;;
		floor) floor=$value ;;
		limit) limit_wanted=$value ;;
		high) high_percent=$value ;;
		low) low_percent=$value ;;
		share) share=$value ;;
		defragmentation) defragmentation=$value ;;
		defragmentation_effort) effort=$value ;;
		esac
	done <"$settings_file"
	for value in "$port" "$planned" "$floor" "$limit_wanted" "$high_percent" "$low_percent" "$share" "$effort"; do
		case $value in '' | *[!0-9]*) return 1 ;; esac
	done
	[ "$planned" -gt 0 ] && [ "$floor" -gt 0 ] && [ "$floor" -le "$planned" ] && [ "$share" -gt 0 ]
}
