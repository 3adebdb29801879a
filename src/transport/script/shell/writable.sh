# c_writable PATH...: a letter for each. Opening without writing changes nothing, and finds a read-only mount
# where a test for permission may not.
c_writable() {
	c_mark writable
	for c_word do
		if [ -e "$c_word" ] && { { :; } >>"$c_word"; } 2>/dev/null; then
			printf y >&3
		else
			printf n >&3
		fi
	done
}
