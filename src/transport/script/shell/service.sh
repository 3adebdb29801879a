# c_service NUMBER UNIT: what systemd was told about a service, and what its main process has of it.
c_service() {
	if ! c_have systemctl; then
		c_mark service-error "$1"
		printf 'the host has no systemctl, so no systemd' >&3
		return
	fi
	c_said=$(c_limit 20 systemctl show --no-pager --property=LoadState,FragmentPath,DropInPaths,NeedDaemonReload,MainPID,ControlGroup "$2" 2>&1) || {
		c_mark service-error "$1"
		printf '%s' "$c_said" >&3
		return
	}
	c_mark service "$1"
	printf '%s\n' "$c_said" >&3
	c_have prlimit && printf 'Prlimit=yes\n' >&3
	c_main=0 c_group='' c_files=''
	while IFS= read -r c_line; do
		case $c_line in
		MainPID=*) c_main=${c_line#*=} ;;
		ControlGroup=*) c_group=${c_line#*=} ;;
		FragmentPath=* | DropInPaths=*) c_files="$c_files ${c_line#*=}" ;;
		esac
	done <<-END
		$c_said
	END
	sed -n -e 's/^CapEff:[[:space:]]*/CapEff=/p' /proc/self/status >&3 2>/dev/null
	sed -n -e 's/^ *0 *0 *4294967295$/OwnUsers=no/p' /proc/self/uid_map >&3 2>/dev/null
	c_service_process "$1" "$c_main" "$c_group"
	set -f
	for c_file in $c_files; do
		c_mark service-file "$1"
		printf '%s\n' "$c_file" >&3
		head -c 1048576 "$c_file" >&3 2>/dev/null
	done
	set +f
}

# c_service_process NUMBER PID GROUP: only of a process that is in the unit's control group, so that a number that was
# given to another process meanwhile is not taken for it.
c_service_process() (
	[ "$2" -gt 0 ] 2>/dev/null && cd "/proc/$2" 2>/dev/null || exit
	c_in=no
	while IFS= read -r c_line; do
		case $c_line in
		*"$3") c_in=yes ;;
		esac
	done 2>/dev/null <cgroup
	[ "$c_in" = yes ] || exit
	c_find_born "$2"
	c_since=$c_born_at
	[ -n "$c_since" ] || exit
	c_score=$(cat oom_score_adj 2>/dev/null)
	c_files=$(sed -n 's/^Max open files *//p' limits 2>/dev/null)
	# It is told only if it was there all the time.
	c_find_born "$2"
	[ "$c_born_at" = "$c_since" ] || exit
	c_booted=$(sed -n 's/^btime //p' /proc/stat 2>/dev/null)
	c_ticks=$(getconf CLK_TCK 2>/dev/null)
	c_mark service-process "$1"
	printf 'pid=%s\nstarted=%s\nstarted_at=%s\noom_score_adj=%s\nopen_files=%s\n' "$2" "$c_since" \
		"$((${c_booted:-0} + c_since / ${c_ticks:-100}))" "$c_score" "$c_files" >&3
)
