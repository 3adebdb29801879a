# What people do with leases and locks.

# Tells all that there are.
c_lock_list() {
	c_lease_place lock
	for c_place in "$c_root_folder" "$c_folder"; do
		for c_kind in lock lease; do
			c_lease_file=$c_place/$c_kind
			if c_lease_read "$c_lease_file" && [ "$c_h_left $c_h_busy" != '0 no' ]; then
				c_lease_say "$c_kind"
			fi
		done
		[ "$c_root_folder" != "$c_folder" ] || break
	done
}

# c_lock_set BY WHY SECONDS: 0: until it is taken away. One's own is replaced.
c_lock_set() {
	c_run=''
	c_by=$1
	c_what=$2
	c_term=$3
	c_over=' '
	c_shell=0
	c_lease_place lock
	c_ask_date
	c_since=$c_date
	c_try=0
	while [ "$c_try" -lt "$c_tries" ]; do
		c_try=$((c_try + 1))
		c_from=none
		if c_lease_read "$c_lease_file"; then
			c_from=$c_h_token
			if [ "$c_h_by" != "$c_by" ] && c_lease_holds; then
				c_lease_say refused
				return 0
			fi
		fi
		if c_lease_turn "$c_from"; then
			c_lease_say set
			return 0
		fi
		if [ -n "$c_error" ]; then
			c_lease_fail "$c_error"
			return 0
		fi
	done
	c_lease_fail "others set a lock here at the same moment"
	:
}

# c_lock_remove FILE SAID: takes a lock or a lease away, whosever it is.
c_lock_remove() {
	c_lease_place "$1"
	c_lease_read "$c_lease_file" || return 0
	c_try=$c_tries
	if c_lease_claim "$c_h_token"; then
		rm -f "$c_lease_file"
		c_lease_unclaim
		c_lease_say "$2"
	else
		c_lease_fail "${c_error:-it changed in this very moment}"
	fi
	:
}

# c_lock_away BY FORCE: with `yes` also what is others', and leases.
c_lock_away() {
	c_lease_place lock
	c_over=' '
	if c_lease_read "$c_lease_file"; then
		if [ "$c_h_by" = "$1" ] || [ "$2" = yes ]; then
			c_lock_remove lock unlocked
		elif c_lease_holds; then
			c_lease_say refused
		fi
	fi
	[ "$2" = no ] || c_lock_remove lease broken
	c_remove_empty "$c_folder"
}
