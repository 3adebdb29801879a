# c_ask SECONDS: runs c_start as a question.
c_ask() {
	c_run "$1"
	c_asked=yes
}

# Takes down what became of the question, or reports why it could not be asked.
c_answer() {
	if [ "$c_asked" = yes ] && c_read_output; then
		c_mark program "$c_number"
		c_tell_output
		c_mark program-end "$c_number" "$c_code" "$c_late"
	elif [ "$c_asked" = yes ]; then
		c_later program "$c_number"
		c_output
		c_later program-end "$c_number" "$c_code" "$c_late"
	else
		c_mark program "$c_number"
		c_mark program-error "$c_number"
		printf '%s' "$c_error" >&3
	fi
}
