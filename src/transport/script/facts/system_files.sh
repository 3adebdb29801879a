
	# --- the system: files that the machine's program reads along ---
	os_release=/etc/os-release
	[ -r "$os_release" ] || os_release=/usr/lib/os-release
	set -- /proc/uptime /proc/1/comm "$os_release" /etc/debian_version /etc/alpine-release \
		/sys/devices/system/cpu/online /sys/devices/system/node/online /sys/kernel/mm/transparent_hugepage/enabled \
		/sys/kernel/mm/transparent_hugepage/defrag \
		/proc/sys/kernel/hostname /proc/sys/kernel/ostype /proc/sys/kernel/arch \
		/proc/sys/kernel/pid_max /proc/sys/kernel/numa_balancing \
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
		/run/systemd/container /proc/vmstat
