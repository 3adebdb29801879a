
	# --- processes ---
	# What a process needs for itself: its resident pages less those that it shares with files or others.
	servers=
	sentinels=
	others=0
	contained=0
	here=
	while read -r line; do
		here="$here$line$newline"
	done </proc/self/cgroup
	[ -r /proc/1/statm ] || miss processes 'only processes of the session itself are visible (hidepid)'
	for directory in /proc/[0-9]*; do
		read -r size resident shared rest <"$directory/statm" || continue
		[ "$resident" = 0 ] && continue
		read -r command <"$directory/comm" || continue
		case $command in
		redis-server | valkey-server) ;;
		redis-sentinel | valkey-sentinel)
			if [ ! -e "$directory/root" ] || [ "$directory/root" -ef / ]; then
				sentinels="$sentinels ${directory#/proc/}"
			fi
			others=$((others + resident - shared))
			continue
			;;
		*)
			others=$((others + resident - shared))
			continue
			;;
		esac
		parent=
		while read -r key value rest; do
			[ "$key" = PPid: ] && parent=$value && break
		done <"$directory/status"
		# A child that writes a snapshot has its parent's name and most of its pages.
		name=
		read -r name <"/proc/$parent/comm"
		[ "$name" = "$command" ] && continue
		# Servers inside containers of their own are other people's; this is about the ones of this host.
		foreign=
		if [ -e "$directory/root" ]; then
			[ "$directory/root" -ef / ] || foreign=yes
		else
			while read -r line; do
				case $line in
				*docker* | *kubepods* | *libpod* | *lxc*)
					case $here in *docker* | *kubepods* | *libpod* | *lxc*) ;; *) foreign=yes ;; esac
					;;
				esac
			done <"$directory/cgroup"
		fi
		if [ -n "$foreign" ]; then
			contained=$((contained + 1))
			others=$((others + resident - shared))
		else
			servers="$servers ${directory#/proc/}"
		fi
	done
	put others "$others"
	[ "$contained" -gt 0 ] && put contained "$contained"

	# --- control groups above the servers ---
	limits=
	add_limit() {
		[ -r "$1" ] || return
		case "$newline$limits" in *"$newline$1$newline"*) ;; *) limits="$limits$1$newline" ;; esac
	}
	# above ROOT POINT GROUP FILE...: these files of a control group and of all that it lies in. ROOT and POINT
	# are where the hierarchy is mounted; a group outside of ROOT is seen as its root only.
	above() {
		root=${1%/}
		point=$2
		group=${3%/}
		shift 3
		[ -z "$point" ] && return
		below=
		case $group in
		*/../* | */..) ;;
		"$root" | "$root"/*) below=${group#"$root"} ;;
		esac
		while :; do
			for file in "$@"; do
				add_limit "$point$below/$file"
			done
			[ -z "$below" ] && break
			below=${below%/*}
		done
	}
	# above_process PID [INSIDE]: the same for all hierarchies of a process, or of a group beside it.
	above_process() {
		while IFS=: read -r number controllers group; do
			[ -n "$2" ] && group=${group%/init.scope} && group=${group%/}/$2
			case "$number,$controllers," in
			0,,) above "$unified_root" "$unified_point" "$group" memory.max memory.high cpu.max ;;
			esac
			case ",$controllers," in
			*,memory,*) above "$memory_root" "$memory_point" "$group" memory.limit_in_bytes memory.stat ;;
			esac
			case ",$controllers," in
			*,cpu,*) above "$cpu_root" "$cpu_point" "$group" cpu.cfs_quota_us cpu.cfs_period_us ;;
			esac
		done <"/proc/$1/cgroup"
	}
	if [ -n "$servers" ]; then
		for pid in $servers; do
			above_process "$pid"
		done
	elif [ -d /run/systemd/system ]; then
		above_process 1 system.slice
	else
		above_process self
	fi
	if [ -n "$limits" ]; then
		IFS=$newline
		set -f
		put limits "$(grep -sE '^(-?[0-9]|max|hierarchical_memory_limit)' /dev/null $limits)"
		unset IFS
		set +f
	fi
