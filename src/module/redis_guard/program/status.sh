
# --- what others see, and what a guard that is started again goes on with ---

# Everything that is held off its planned value.
holds() {
	held_names=
	[ -n "$held" ] && held_names=maxmemory
	[ -n "$held_defragmentation" ] && held_names="$held_names active-defrag-cycle-max active-defrag-cycle-min active-defrag-threshold-lower active-defrag-threshold-upper"
	held_names=${held_names# }
}

# Written beside its place and renamed, so that a reader never sees half of it.
write_status() {
	holds
	written_at=$now
	held_value=$planned
	[ -n "$held" ] && held_value=$live
	{
		printf '%s\n' version=1 "port=$port" "socket=$socket" "pid=$pid" "planned_maxmemory=$planned" \
			"held_maxmemory=$held_value" "floor=$floor" "limit=${limit:-0}" "limit_name=${limit_name:-}" \
			"used=${use:-0}" "resident=$resident" "high=${high:-0}" "low=${low:-0}" "state=$state" \
			"holds=$held_names" "held_defragmentation=$held_defragmentation" "ceiling=$ceiling" "role=$role" \
			"purges=$purges" "sheds=$sheds" "raises=$raises" "efforts=$efforts" "lowest_maxmemory=$lowest" \
			"peak=$peak" "updated=$(date +%s)" "why=$why" >"$status_file.new" &&
			mv -f "$status_file.new" "$status_file"
	} 2>/dev/null || complain status "status: $status_file cannot be written; the guard goes on without"
}

# What an earlier guard of the same process held is still held: `maxmemory` only where it is still below the
# ceiling, for somebody may have set it since.
adopt() {
	held=
	old_pid='' old_holds='' old_defragmentation='' old_ceiling='' old_held=''
	while IFS='=' read -r key value; do
		case $key in
		pid) old_pid=$value ;;
		holds) old_holds=$value ;;
		held_defragmentation) old_defragmentation=$value ;;
		ceiling) old_ceiling=$value ;;
		held_maxmemory) old_held=$value ;;
		planned_maxmemory) old_planned=$value ;;
		esac
	done 2>/dev/null <"$status_file"
	[ "$old_pid" = "$pid" ] || return 0
	case $old_holds in
	*active-defrag*)
		held_defragmentation=$old_defragmentation
		tell "adopted: the effort of defragmentation that an earlier guard raised"
		;;
	esac
	case $old_holds in
	maxmemory*)
		if [ "$live" -gt 0 ] && [ "$live" -lt "$planned" ]; then
			held=yes
			# A ceiling that somebody else set lives on, the earlier plan's does not.
			if finite "$old_ceiling" && [ "$old_ceiling" != "$old_planned" ] && [ "$old_ceiling" -lt "$planned" ]; then
				ceiling=$old_ceiling
			fi
			tell "adopted: maxmemory of $(mib "$live") that an earlier guard held (it last said $(mib "$old_held"))"
		fi
		;;
	esac
}
