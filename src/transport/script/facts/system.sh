
	# --- the system: its kernel's counter of kills, programs, processors and pages ---
	case $files in
	*/proc/vmstat:oom_kill\ *)
		files=${files##*/proc/vmstat:oom_kill }
		put oom "oom_kill ${files%%"$newline"*}"
		;;
	esac
	[ -r /proc/sys/kernel/arch ] || put machine "$(uname -m)"

	signs=
	for sign in /run/systemd/system /run/openrc /.dockerenv /run/.containerenv /proc/vz /proc/xen; do
		[ -e "$sign" ] && signs="$signs$sign$newline"
	done
	[ -n "$container" ] && signs="${signs}container=$container$newline"
	put signs "$signs"

	tools=
	for tool in apt-get dnf yum zypper apk pacman systemctl; do
		have "$tool" && tools="$tools$tool$newline"
	done
	put tools "$tools"

	while read -r key value rest; do
		[ "$key" = Cpus_allowed_list: ] && put processors-allowed "$value" && break
	done </proc/self/status

	# The first mapping of this shell names the page size in its second line.
	count=0
	page_kib=
	while [ "$count" -lt 8 ] && read -r key value rest; do
		count=$((count + 1))
		[ "$key" = KernelPageSize: ] && page_kib=$value && break
	done </proc/self/smaps
	if [ -n "$page_kib" ]; then
		page_size=$((page_kib * 1024))
	else
		page_size=$(getconf PAGESIZE)
	fi
	put page-size "$page_size"
