# c_health NUMBER PAUSE LOCAL SECRET ARGUMENT...: what a host knows of a server that runs on it. After PAUSE seconds the
# server is asked again; its process is looked up where LOCAL says that it is asked at an address of this host.
c_health() {
	c_number=$1 c_pause=$2 c_local=$3
	shift 3
	c_mark health-host "$c_number"
	grep -hsE '^(oom_kill|MemTotal:|MemAvailable:) ' /proc/vmstat /proc/meminfo >&3
	# Not read by the shell: it takes a byte at a time, and these files give a second one to nobody.
	printf 'max_map_count %s\n' "$(cat /proc/sys/vm/max_map_count 2>/dev/null)" >&3
	c_redis_client || return 0
	[ "$c_pause" -eq 0 ] || sleep "$c_pause"
	c_said=$(
		c_redis_speak "$@" 2>/dev/null <<-END
			INFO all
			PING $c_tag:latency
			LATENCY LATEST
		END
	)
	c_mark health-info "$c_number"
	printf '%s\n' "$c_said" >&3
	c_main=$(printf '%s\n' "$c_said" | sed -n 's/^process_id:\([0-9]*\).*/\1/p')
	if [ "$c_local" = yes ] && [ -n "$c_main" ]; then
		c_health_process "$c_number" "$c_main"
	fi
}

# c_health_process NUMBER PID: only of a server's process, and only where its number is one of this host: a server in a
# container tells the number that it has in there.
c_health_process() (
	cd "/proc/$2" 2>/dev/null || exit
	read -r c_word <./comm
	case $c_word in
	*redis* | *valkey*) ;;
	*) exit ;;
	esac
	c_status=$(grep -E '^(NSpid|VmRSS|VmSwap|THP_enabled):' status 2>/dev/null) || exit
	case $c_status in
	*NSpid:*"$2"*)
		# One number: it is in this shell's own namespace.
		c_word=${c_status#*NSpid:}
		c_word=${c_word%%"
"*}
		set -f
		# shellcheck disable=SC2086 # split on purpose
		set -- "$1" "$2" $c_word
		set +f
		[ $# -eq 3 ] || exit
		;;
	*NSpid:*) exit ;;
	esac
	c_mark health-process "$1"
	printf 'pid: %s\n%s\n' "$2" "$c_status" >&3
	{ read -r c_word <oom_score_adj; } 2>/dev/null && printf 'oom_score_adj: %s\n' "$c_word" >&3
	sed -n 's/^Max open files *\([^ ]*\).*/open_files: \1/p' limits >&3 2>/dev/null
	c_maps=$(wc -l <maps 2>/dev/null) && [ "${c_maps:-0}" -gt 0 ] && printf 'maps: %s\n' "$c_maps" >&3
	c_group='' c_memory=''
	while IFS=: read -r c_word c_which c_path; do
		case $c_word:,$c_which, in
		*,memory,*) c_memory=$c_path ;;
		0:,,) c_group=$c_path ;;
		*,name=systemd,*) [ -n "$c_group" ] || c_group=$c_path ;;
		esac
	done 2>/dev/null <cgroup
	for c_word in "/sys/fs/cgroup$c_group/memory.events" "/sys/fs/cgroup/unified$c_group/memory.events" \
		"/sys/fs/cgroup/memory$c_memory/memory.oom_control"; do
		if [ -r "$c_word" ]; then
			sed 's/^/event: /' "$c_word" >&3 2>/dev/null
			break
		fi
	done
	case $c_group in
	*.service) ;;
	*.service/*) c_group=${c_group%.service/*}.service ;;
	*) exit ;;
	esac
	printf 'unit: %s\n' "${c_group##*/}" >&3
	c_have systemctl && c_limit 10 systemctl show --no-pager --property=Result,NRestarts -- "${c_group##*/}" >&3 2>/dev/null
	:
)
