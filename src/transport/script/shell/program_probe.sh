# c_ask SECONDS: runs c_start as a question, and reports it.
c_ask() {
	c_mark program "$c_number"
	if ! c_scratch; then
		c_mark program-error "$c_number"
		printf 'no place for its output: /tmp, /var/tmp, /dev/shm and /run cannot be written' >&3
		return
	fi
	c_run "$1"
	c_output
	c_mark program-end "$c_number" "$c_code" "$c_late"
}
