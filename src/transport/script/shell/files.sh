# c_files: what stands at paths, in as few programs as can be. The paths come with three functions, which call a
# command with them: c_with_content, c_with_hash and c_with_attributes, by what is wanted of them.
c_files() {
	# What stat complains of goes straight to the controller; its lines are looked at here too.
	c_mark stat-error
	c_stats=$(c_all c_look 10 stat -c "$c_format" 2>&3)
	c_code=$?
	if [ "$c_code" -eq 137 ]; then
		c_early=no
		c_mark stat-again
		c_one_by_one
		return
	fi
	# What is missing will be made before any program has its turn.
	if [ "$c_code" -ne 0 ]; then
		c_with_content c_with_hash c_are_there || c_early=no
	fi
	# A file of a million bytes or more has seven digits.
	case $c_stats in
	*"$c_tag":[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*) c_early=no ;;
	esac
	c_mark stat
	printf '%s\n' "$c_stats" >&3
	c_all c_links
	if [ $? -eq 137 ]; then
		c_early=no
		c_mark stat-again
		c_one_by_one
		return
	fi
	# From here on every path and every target has answered.
	c_with_content c_regular c_contents
	c_with_hash c_regular c_hashes
}

# Each of the three hands its own paths on, behind those of the one before.
c_all() {
	c_with_content c_with_hash c_with_attributes "$@"
}

c_are_there() {
	for c_word do
		[ -e "$c_word" ] || [ -L "$c_word" ] || return 1
	done
}

# Something hangs: path by path, so that the others are still answered.
c_one_by_one() {
	c_with_content c_each c_contents
	c_with_hash c_each c_hashes
	c_with_attributes c_each :
}

c_each() {
	c_reader=$1
	shift
	for c_path do
		c_mark stat-error
		c_stats=$(c_look 3 stat -c "$c_format" "$c_path" 2>&3)
		if [ $? -eq 137 ]; then
			c_dead "$c_path"
			continue
		fi
		c_mark stat
		printf '%s\n' "$c_stats" >&3
		c_links "$c_path"
		if [ $? -eq 137 ]; then
			c_dead "$c_path"
			continue
		fi
		c_regular "$c_reader" "$c_path"
	done
}

c_dead() {
	c_mark dead
	printf '%s' "$1" >&3
}

# c_links PATH...: path, target and resolved path of every link, each ended by NUL.
c_links() {
	c_found=
	for c_word do
		if [ -L "$c_word" ]; then
			c_found=yes
			break
		fi
	done
	[ -n "$c_found" ] || return 0
	c_mark links
	(c_look 10 sh -c "$c_read_links" sh "$@") >&3 2>/dev/null
}

# shellcheck disable=SC2016 # expanded by the inner shell
c_read_links='for p do
	[ -L "$p" ] || continue
	printf "%s\0" "$p"
	readlink -n "$p"
	printf "\0"
	if [ -e "$p" ]; then readlink -f -n "$p"; fi
	printf "\0"
done'

# c_regular FUNCTION PATH...: leaves out what is there and not a file. What is absent may stay. Mostly there is
# nothing to leave out, which is found out first because taking words out of a list is slow.
c_regular() {
	c_function=$1
	shift
	c_found=
	for c_word do
		if [ -e "$c_word" ] && [ ! -f "$c_word" ]; then
			c_found=yes
			break
		fi
	done
	if [ -n "$c_found" ]; then
		for c_word do
			shift
			[ ! -f "$c_word" ] || set -- "$@" "$c_word"
		done
	fi
	[ $# -eq 0 ] || "$c_function" "$@"
}

# head names every file before its content, and stops reading a file that is too large.
c_contents() {
	c_mark content
	c_error=$(c_look 60 head -v -c 1048577 "$@" 2>&1 >&3)
	c_code=$?
	if [ "$c_code" -ne 0 ]; then
		c_all_read=no
		c_mark content-error "$c_code"
		printf '%s' "$c_error" >&3
	fi
	# Only where some size has seven digits can a file be over the limit.
	case $c_stats in
	*"$c_tag":[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*)
		if c_have sha256sum; then
			c_mark hash
			(c_look 600 find -L "$@" -prune -type f -size +1048576c -exec sha256sum {} +) >&3 2>/dev/null
		else
			c_mark no-sha256sum
		fi
		;;
	esac
}

c_hashes() {
	if c_have sha256sum; then
		c_mark hash
		(c_look 600 sha256sum "$@") >&3 2>/dev/null
	else
		c_mark no-sha256sum
	fi
}

# Whether every file was read of which the content is wanted.
c_all_read=yes
