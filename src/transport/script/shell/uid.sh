# c_find_uid: c_uid, the number of the account that this is. Starts no program where there is /proc.
c_find_uid() {
	[ -z "$c_uid" ] || return 0
	{
		while [ -z "$c_uid" ] && read -r c_key c_value c_rest; do
			[ "$c_key" != Uid: ] || c_uid=$c_value
		done </proc/self/status
	} 2>/dev/null
	[ -n "$c_uid" ] || c_uid=$(id -u)
}

c_uid=''
