
	# --- the machine: what the kernel and a few files say, by one program ---
	# Of the kernel's counters, whose names are made of words between underscores, only that of its killing is wanted.
	os_release=/etc/os-release
	[ -r "$os_release" ] || os_release=/usr/lib/os-release
	# Of mounts, those of file systems that are not this machine's own.
	files=$(grep -svE -e '^[a-np-z][a-z0-9]*_[a-z0-9_]* [0-9]*$' -e '^p[gs][a-z0-9]* [0-9]*$' \
		-e '^[^ ]* /[^ ]* (ext[234]|xfs|btrfs|bcachefs|f2fs|zfs|jfs|vfat|tmpfs|devtmpfs|ramfs|rootfs|overlay|squashfs|iso9660|erofs|proc|sysfs|devpts|mqueue|hugetlbfs|cgroup2?|securityfs|debugfs|tracefs|configfs|fusectl|pstore|bpf|efivarfs|binfmt_misc|rpc_pipefs|nfsd|nsfs|selinuxfs) [^ ]* [0-9] [0-9]$' \
		-e '^systemd-1 /proc/sys/fs/binfmt_misc autofs ' /dev/null /proc/meminfo /proc/uptime /proc/1/comm \
		"$os_release" /etc/debian_version /etc/alpine-release \
		/sys/devices/system/cpu/online /sys/devices/system/node/online /sys/kernel/mm/transparent_hugepage/enabled \
		/sys/kernel/mm/transparent_hugepage/defrag \
		/proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/sys/kernel/ostype /proc/sys/kernel/arch \
		/proc/sys/kernel/random/boot_id /proc/sys/kernel/pid_max /proc/sys/kernel/numa_balancing \
		/proc/sys/kernel/panic /proc/sys/fs/file-max /proc/sys/fs/nr_open \
		/proc/sys/vm/overcommit_memory /proc/sys/vm/overcommit_ratio /proc/sys/vm/swappiness \
		/proc/sys/vm/max_map_count /proc/sys/vm/min_free_kbytes /proc/sys/vm/watermark_scale_factor \
		/proc/sys/vm/zone_reclaim_mode /proc/sys/vm/panic_on_oom /proc/sys/vm/oom_kill_allocating_task \
		/proc/sys/vm/dirty_ratio /proc/sys/vm/dirty_background_ratio /proc/sys/vm/vfs_cache_pressure \
		/proc/sys/net/core/somaxconn /proc/sys/net/core/netdev_max_backlog \
		/proc/sys/net/ipv4/tcp_max_syn_backlog /proc/sys/net/ipv4/tcp_keepalive_time \
		/proc/sys/net/ipv4/tcp_tw_reuse /proc/sys/net/ipv4/ip_local_port_range \
		/proc/sys/net/ipv4/tcp_fin_timeout /proc/sys/net/ipv4/tcp_syncookies \
		/sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /sys/hypervisor/type \
		/run/systemd/container /proc/self/mounts /proc/vmstat)
	put files "$files"
	near=0
	case $files in
	*/proc/self/mounts:*) ;;
	*/proc/meminfo:*) [ -r /proc/self/mounts ] && near=10 ;;
	esac
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

	put environment "HOME=$HOME${newline}PATH=$path_before${newline}SHELL=$SHELL${newline}USER=${USER:-$LOGNAME}${newline}LANG=$LANG"

	uid=
	while read -r key value rest; do
		case $key in
		Uid:) uid=$value ;;
		Gid:) put gid "$value" ;;
		Cpus_allowed_list:) put processors-allowed "$value" && break ;;
		esac
	done </proc/self/status
	put uid "$uid"
	own_uid=$uid
	users=" $uid "

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

	# --- names ---
	read -r hostname </proc/sys/kernel/hostname || hostname=$(hostname)
	put hostname "$hostname"

