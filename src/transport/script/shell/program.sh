# c_run SECONDS: runs c_start in a process group of its own, from $c_dir/in to $c_out and $c_err; those that cannot need one
# have none, and an empty c_leader.
# Sets c_code (128 and the signal where one ended it) and c_late (yes when it ran out of time). 0 seconds: no limit.
c_run() {
	c_late=no
	c_code=126
	c_runs=$((c_runs + 1))
	c_program_id=$c_tag-$c_runs
	[ "$1" -eq 0 ] || c_listen
	{ c_run_into_files "$1"; } 5>"$c_out" 6>"$c_err"
	if [ "$1" -gt 0 ]; then
		{ printf '\n' >>"$c_dir/watched" || printf '' >"$c_dir/watched"; } 2>/dev/null
		c_word=
		{ read -r c_word <"$c_dir/late"; } 2>/dev/null
		[ "$c_word" != "$c_program_id" ] || c_was_late
	fi
	c_child=''
}

c_run_into_files() {
	c_start <"$c_input_file" >&5 2>&6 3>&- 4<&- 5>&- 6>&- 7<&- &
	c_child=$!
	[ "$1" -eq 0 ] || printf '%s\n' "$c_program_id $c_child $1 $c_leader" >>"$c_dir/watched"
	wait "$c_child" 2>/dev/null
	c_code=$?
	# Where the kernel tells how far the program wrote.
	{ read -r c_word c_out_size </proc/self/fdinfo/5 && read -r c_word c_err_size </proc/self/fdinfo/6; } 2>/dev/null
}

# Ends what a program left behind that was ended for its time.
c_was_late() {
	c_late=yes
	c_end_watch
	# Another one watches what runs next: the listener may have heard its last word.
	(exec </dev/null >/dev/null 2>&1 3>&- 7<&- && trap - EXIT HUP INT TERM PIPE && c_begin_watch)
	for c_left in 1 2 3 4 5; do
		c_signal 0 || return 0
		sleep 1
	done
	c_signal KILL
}

# A directory that nobody else can look into, in the first place that takes a file.
c_scratch() {
	[ -z "$c_dir" ] || return 0
	c_enter_room && return 0
	for c_place in "${TMPDIR:-/tmp}" /tmp /var/tmp /dev/shm /run; do
		c_beside "$c_place/" all
		c_dir=$c_free
		if mkdir "$c_dir" 2>/dev/null; then
			{ printf 'room' >"$c_dir/in"; } 2>/dev/null && return 0
			rm -rf "$c_dir"
		fi
	done
	c_dir=
	return 1
}

# Programs need a place for their output before they may start.
c_ready() {
	if c_scratch; then
		c_out=$c_dir/out-$c_number-$c_tag c_err=$c_dir/err-$c_number-$c_tag
		c_out_size='' c_err_size=''
		return 0
	fi
	c_error='there is no place for its output: /tmp, /var/tmp, /dev/shm and /run cannot be written'
	return 1
}

# c_input SIZE: takes what a program will read from a heredoc.
c_input() {
	c_input_file=$c_dir/in
	c_error=$( { head -c "$1" >"$c_dir/in"; } 2>&1 3>&-) && return 0
	c_error="its input cannot be kept for it: $c_error"
	return 1
}

c_input_base64() {
	c_input_file=$c_dir/in
	c_error=$( { base64 -d >"$c_dir/in"; } 2>&1 3>&-) && return 0
	if c_have base64; then
		c_error="its input cannot be kept for it: $c_error"
	else
		c_error='the host has no base64 program, which an input that is not text needs'
	fi
	return 1
}

c_no_input() {
	c_input_file=/dev/null
}

# c_later WORD...: a frame that is told at the end of the script.
c_later() {
	c_frames=$c_frames"$c_nonce $*
"
}

# c_later_file out|err: the same with what a program wrote. What stands between two such files is one, too, so that one
# program can tell all of it.
c_later_file() {
	c_later "$1"
	printf '%s' "$c_frames" >"$c_dir/before-$1-$c_number-$c_tag"
	c_frames=
	c_told="$c_told before-$1-$c_number-$c_tag $1-$c_number-$c_tag"
}

# What the program wrote, at the end of the script.
c_output() {
	[ ! -s "$c_out" ] || c_later_file out
	[ ! -s "$c_err" ] || c_later_file err
}

# Reads what the program wrote: byte by byte, which costs less than a program. Fails where it is long, or has bytes that a
# shell cannot hold.
c_read_output() {
	c_read_short "$c_out" "$c_out_size" || return 1
	c_out_text=$c_text
	c_read_short "$c_err" "$c_err_size"
}

# Tells what was read.
c_tell_output() {
	[ -z "$c_out_text" ] || c_tell_short out "$c_out" "$c_out_text"
	[ -z "$c_text" ] || c_tell_short err "$c_err" "$c_text"
}

# c_read_short FILE SIZE: c_text, if it can be all of the file.
c_read_short() {
	c_text='' c_line=''
	case $2 in
	0)
		[ ! -s "$1" ]
		return
		;;
	[1-9] | [1-9][0-9] | [1-9][0-9][0-9]) ;;
	*) return 1 ;;
	esac
	while IFS= read -r c_line; do
		c_text="$c_text$c_line
"
		[ "${#c_text}" -le "$2" ] || return 1
	done <"$1"
	c_text=$c_text$c_line
	[ "${#c_text}" -eq "$2" ]
}

c_tell_short() {
	c_mark "$1"
	printf '%s' "$3" >&3
	printf '' >"$2"
}

# Tells what was taken down: of each output the beginning. One byte more than the limit tells that there was more.
c_tell() {
	if [ -n "$c_told" ]; then
		# shellcheck disable=SC2086 # split on purpose
		(cd "$c_dir" && exec head -q -c 1048577 $c_told) >&3
	fi
	printf '%s' "$c_frames" >&3
}

c_frames=''
c_runs=0
c_setsid=''
c_have setsid && c_setsid=setsid
