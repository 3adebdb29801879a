# c_ask SECONDS: runs c_start as a question.
c_ask() {
	c_run "$1"
	c_asked=yes
}

# Reports the question, or why it could not be asked.
c_answer() {
	c_mark program "$c_number"
	if [ "$c_asked" = yes ]; then
		c_output
		c_mark program-end "$c_number" "$c_code" "$c_late"
	else
		c_mark program-error "$c_number"
		printf '%s' "$c_error" >&3
	fi
}
