
# --- how much memory is used, and how much there is ---

# Hundredths of a second since the boot, without starting a program.
clock() {
	uptime=
	read -r uptime _ 2>/dev/null <"$proc/uptime"
	case $uptime in
	*.[0-9][0-9]) now=$((${uptime%.*} * 100 + 1${uptime#*.} - 100)) ;;
	*) now=$((now + 100)) ;;
	esac
}

page=4096
read_page_size() {
	page=$(getconf PAGESIZE 2>/dev/null) || page=4096
	case $page in '' | *[!0-9]*) page=4096 ;; esac
}

# The server's resident memory. Fails when its process is gone.
read_resident() {
	pages=
	read -r _ pages _ 2>/dev/null <"$proc/$pid/statm" || return 1
	case $pages in '' | 0 | *[!0-9]*) return 1 ;; esac
	resident=$((pages * page))
}

# Whether the server has a child: a snapshot, a rewrite, or a replica that is being fed.
read_child() {
	child=
	read -r child _ 2>/dev/null <"$proc/$pid/task/$pid/children"
}

# What all other processes need for themselves: resident pages that are not files' or shared. A server's child is
# left out: most of its pages are its parent's.
read_others() {
	others=0
	for directory in "$proc"/[0-9]*; do
		[ "$directory" = "$proc/$pid" ] && continue
		pages=0 shared=0
		read -r _ pages shared _ 2>/dev/null <"$directory/statm" || continue
		[ "$pages" -gt 0 ] || continue
		parent=
		read -r _ _ _ parent _ 2>/dev/null <"$directory/stat"
		[ "$parent" = "$pid" ] && continue
		others=$((others + pages - shared))
	done
	others=$((others * page))
}

read_machine() {
	total=0 available=-1
	while read -r key value _; do
		case $key in
		MemTotal:) total=$((value * 1024)) ;;
		MemAvailable:)
			available=$((value * 1024))
			break
			;;
		Buffers:) break ;;
		esac
	done 2>/dev/null <"$proc/meminfo"
}

# finite NUMBER: whether it is a limit; version 1 has a very large number for none.
finite() {
	case $1 in '' | *[!0-9]*) return 1 ;; esac
	[ ${#1} -lt 17 ]
}

# Every control group above the server that has a limit: lines of `VERSION LIMIT DIRECTORY`. Limits are read again
# with them, as they may change.
find_groups() {
	groups=
	while IFS=: read -r number controllers path; do
		case "$number,$controllers," in
		0,,)
			point=$groups_root
			[ -e "$groups_root/unified/cgroup.controllers" ] && point=$groups_root/unified
			add_groups 2 "$point" "${path%/}" memory.max memory.high
			;;
		*,memory,*) add_groups 1 "$groups_root/memory" "${path%/}" memory.limit_in_bytes ;;
		esac
	done 2>/dev/null <"$proc/$pid/cgroup"
}

# add_groups VERSION POINT PATH FILE...
add_groups() {
	version=$1 point=$2 path=$3
	shift 3
	# A group above what this mount shows is seen as the mount's root only.
	[ -d "$point$path" ] || path=
	while :; do
		smallest=
		for file in "$@"; do
			value=
			read -r value 2>/dev/null <"$point$path/$file"
			if finite "$value" && { [ -z "$smallest" ] || [ "$value" -lt "$smallest" ]; }; then
				smallest=$value
			fi
		done
		[ -n "$smallest" ] && [ "$smallest" -gt 0 ] && groups="$groups$version $smallest $point$path$newline"
		[ -n "$path" ] || break
		path=${path%/*}
	done
}

# The memory of a group that cannot be had by dropping cached files. Fails when the group cannot be read.
# group_use VERSION DIRECTORY LEAST: where it is below LEAST with everything in it, the parts are not looked at.
group_use() {
	group_bytes=
	if [ "$1" = 2 ]; then
		read -r group_bytes 2>/dev/null <"$2/memory.current" || return 1
	else
		read -r group_bytes 2>/dev/null <"$2/memory.usage_in_bytes" || return 1
	fi
	[ "$group_bytes" -lt "$3" ] && return
	file=0 shmem=0
	while read -r key value; do
		case $1$key in
		2file | 1total_cache) file=$value ;;
		2shmem | 1total_shmem)
			shmem=$value
			break
			;;
		esac
	done 2>/dev/null <"$2/memory.stat"
	[ "$file" -gt "$shmem" ] && group_bytes=$((group_bytes - file + shmem))
	return 0
}

# marks LIMIT: above `mark_high` memory is short, below `mark_low` it is not; above `mark_critical` nothing is spared.
# Unless the settings have percents: what is kept free is 8% of the limit, at least 64 MiB (a second of new data at
# full speed) or a fifth of a small limit, at most 2 GiB.
marks() {
	if [ "$high_percent" -gt 0 ]; then
		mark_high=$(($1 * high_percent / 100))
		mark_low=$(($1 * low_percent / 100))
		mark_critical=$((($1 + mark_high) / 2))
		return
	fi
	reserve=$(($1 * 8 / 100))
	[ $reserve -lt $((64 * MIB)) ] && reserve=$((64 * MIB))
	[ $reserve -gt $(($1 / 5)) ] && reserve=$(($1 / 5))
	[ $reserve -gt $((2048 * MIB)) ] && reserve=$((2048 * MIB))
	mark_high=$(($1 - reserve))
	mark_low=$(($1 - reserve * 3 / 2))
	mark_critical=$(($1 - reserve / 2))
}

# consider USE LIMIT NAME: keeps the limit that is nearest to being passed.
consider() {
	marks "$2"
	fill=$((($1 - mark_high) / ($2 / 1024 + 1)))
	[ -n "$limit" ] && [ $fill -le "$tightest" ] && return
	tightest=$fill
	use=$1 limit=$2 limit_name=$3
	high=$mark_high low=$mark_low critical=$mark_critical
}

# What is used of the limit that is nearest, and its marks. Fails when the server is gone.
measure() {
	read_resident || return 1
	limit=
	tightest=0
	if [ "$limit_wanted" -gt 0 ]; then
		consider "$resident" "$limit_wanted" 'its own limit'
	fi
	read_machine
	if [ $total -gt 0 ]; then
		taken=$((resident + others))
		[ $available -ge 0 ] && [ $((total - available)) -gt $taken ] && taken=$((total - available))
		consider "$taken" $total "the machine's memory"
	fi
	while read -r version bytes directory; do
		[ -n "$version" ] || continue
		marks "$bytes"
		group_use "$version" "$directory" "$mark_low" && consider "$group_bytes" "$bytes" "$directory"
	done <<-END
		$groups
	END
	[ -n "$limit" ]
}
