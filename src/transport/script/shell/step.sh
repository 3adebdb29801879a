# c_begin NUMBER: nothing is done unless the controller can be told that it begins.
c_begin() {
	c_number=$1
	c_status=lost
	c_code=0
	c_error=
	c_ran=no
	c_waits=no
	c_clock
	c_began=$c_now
	c_mark begin "$1" || return 1
	c_status=failed
}

# Ends the line of a step of which everything succeeded.
c_done() {
	c_status='done'
}

# Reports the step, or leaves that to what it waits for; its code is 1 when the script has to end here.
c_end() {
	if [ "$c_status" = lost ]; then
		[ -z "$c_waiting" ] || c_settle
		return 1
	fi
	if [ "$c_status" = failed ] && [ "$c_code" -eq 0 ]; then
		c_code=1
	fi
	if [ "$c_ran" = yes ] && c_read_output; then
		c_tell_output
		c_ran=told
	elif [ "$c_ran" = yes ]; then
		c_later output "$c_number"
		c_output
	fi
	c_clock
	if [ "$c_status $c_waits" = 'done yes' ]; then
		c_wait
		return 0
	fi
	[ -z "$c_waiting" ] || c_settle
	if [ -n "$c_error" ]; then
		c_mark message
		printf '%s' "$c_error" >&3
	fi
	c_mark end "$c_number" "$c_status" "$c_code" "$c_began" "$c_now" "$c_ran" || return 1
	[ "$c_status" = 'done' ]
}

# Seconds and hundredths since the boot, without a program.
c_clock() {
	c_now=0
	{ read -r c_now c_rest </proc/uptime; } 2>/dev/null
	:
}

# Says why a step fails, and fails.
c_fail() {
	c_error=$1
	return 1
}

# c_do WORDS PROGRAM ARGUMENT...: runs a program; where it fails, its own words follow ours.
c_do() {
	c_words=$1
	shift
	c_said=$("$@" 2>&1 3>&-) || c_fail "$c_words: $c_said"
}

c_waiting=''
