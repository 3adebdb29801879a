# Who holds this host. A lease is a run's, for a time, and renewed; a lock is a person's, with a reason. Both are files
# of lines, a word and its text. Time is what the kernel counts since the boot: no clock that somebody can set.

# c_lease_folder UID: c_folder, where this account keeps them, and c_root_folder, where root does: what root holds binds
# every account.
c_lease_folder() {
	c_root_folder=${CACHESMITH_HOST_FOLDER:-/var/lib/cachesmith}
	c_folder=$c_root_folder
	[ "$1" = 0 ] || [ -n "${CACHESMITH_HOST_FOLDER:-}" ] || c_folder=${HOME:-}/.cachesmith
}

# c_boot, which boot it is; c_up, seconds since then; c_age, seconds since this system began, which in a container is
# later. Without /proc there is only the clock.
c_lease_clock() {
	c_up=''
	{ read -r c_up c_rest </proc/uptime; } 2>/dev/null
	c_up=${c_up%%.*}
	case $c_up in
	'' | *[!0-9]*)
		c_up=$(date +%s)
		c_boot=clock
		;;
	esac
	# What does not change is read once: the shell takes every byte by itself.
	if [ -z "$c_boot" ]; then
		{ read -r c_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
		c_find_born 1
		case $c_born_at in
		'' | *[!0-9]*) ;;
		*) c_first=$((c_born_at / 100)) ;;
		esac
	fi
	c_age=$c_up
	[ "$c_first" -gt "$c_up" ] || c_age=$((c_up - c_first))
}

# c_lease_read FILE: the words of the file as c_h_WORD, with c_h_left, the seconds for which it still holds (`never`: it
# does not end by itself), and c_h_busy, whether the script that wrote it is still at work. Fails where there is none.
c_lease_read() {
	c_h_run=''
	c_h_for=''
	c_h_by=''
	c_h_what=''
	c_h_since=''
	c_h_term=''
	c_h_boot=''
	c_h_until=''
	c_h_shell=''
	c_h_token=''
	c_h_left=0
	c_h_busy=no
	[ -f "$1" ] || return 1
	{
		while read -r c_key c_value; do
			case $c_key in
			run) c_h_run=$c_value ;;
			for) c_h_for=$c_value ;;
			by) c_h_by=$c_value ;;
			what) c_h_what=$c_value ;;
			since) c_h_since=$c_value ;;
			term) c_h_term=$c_value ;;
			boot) c_h_boot=$c_value ;;
			until) c_h_until=$c_value ;;
			shell) c_h_shell=$c_value ;;
			token)
				# It names a file.
				case $c_value in
				*[!A-Za-z0-9-]*) ;;
				*) c_h_token=$c_value ;;
				esac
				;;
			esac
		done <"$1"
	} 2>/dev/null || return 1
	c_lease_clock
	# What was cut off by a loss of power is from before this boot.
	case $c_h_term in
	'' | *[!0-9]*)
		c_h_term=900
		c_h_boot=''
		;;
	esac
	case $c_h_until in
	never)
		c_h_left=never
		return 0
		;;
	'' | *[!0-9]*) c_h_boot='' ;;
	esac
	if [ "$c_h_boot" = "$c_boot" ]; then
		c_h_left=$((c_h_until - c_up))
		c_lease_at_work && c_h_busy=yes
	else
		# It was renewed before this boot: that long ago at least.
		c_h_left=$((c_h_term - c_age))
	fi
	[ "$c_h_left" -gt 0 ] || c_h_left=0
	[ "$c_h_left" -le "$c_h_term" ] || c_h_left=$c_h_term
}

# Whether the shell that wrote the words is still there, and not another one under its number.
c_lease_at_work() {
	[ -z "$c_own_shell" ] || [ "$c_h_shell" != "$c_own_shell" ] || return 0
	case $c_h_shell in
	*[!0-9\ ]* | '' | ' '* | *' ') return 1 ;;
	esac
	c_find_born "${c_h_shell%% *}"
	[ -n "$c_born_at" ] && [ "$c_born_at" = "${c_h_shell##* }" ]
}

# The words that the controller reads.
c_lease_print() {
	printf 'run %s\nby %s\nwhat %s\nsince %s\nleft %s\nbusy %s\n' \
		"$c_h_run" "$c_h_by" "$c_h_what" "$c_h_since" "$c_h_left" "$c_h_busy"
}

c_boot='' c_first=0
# The shell of this script as leases have it, once that is known.
c_own_shell=''
