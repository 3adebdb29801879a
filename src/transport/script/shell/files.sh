# c_files KIND PATH ...: what stands at the paths, in as few programs as can be.
# Kinds: c with content, a with hash, p attributes alone.
c_files() {
	# What it complains of goes straight to the controller, its lines are looked at here too.
	c_mark stat-error
	c_stats=$(c_files_stat "$@" 2>&3)
	if [ $? -eq 137 ]; then
		c_mark stat-again
		c_files_alone "$@"
		return
	fi
	c_mark stat
	printf '%s\n' "$c_stats" >&3
	c_files_links "$@"
	if [ $? -eq 137 ]; then
		c_files_alone "$@"
		return
	fi
	# From here on every path and every target has answered.
	c_files_contents "$@"
	c_files_hashes "$@"
}

# Something hangs: one by one, so that the others are still answered.
c_files_alone() {
	if [ $# -le 2 ]; then
		c_mark dead
		printf '%s' "$2" >&3
		return
	fi
	c_alone='' c_patience=3
	for c_item do
		if [ -z "$c_alone" ]; then
			c_alone=$c_item
		else
			c_files "$c_alone" "$c_item"
			c_alone=
		fi
	done
}

c_files_stat() {
	c_kind=
	for c_word do
		shift
		if [ -z "$c_kind" ]; then
			c_kind=$c_word
		else
			set -- "$@" "$c_word"
			c_kind=
		fi
	done
	c_limit "$c_patience" stat -c "$c_format" "$@"
}

# Path, target and resolved path of every link, each ended by NUL.
c_files_links() {
	c_kind=
	for c_word do
		shift
		if [ -z "$c_kind" ]; then
			c_kind=$c_word
		else
			[ ! -L "$c_word" ] || set -- "$@" "$c_word"
			c_kind=
		fi
	done
	[ $# -gt 0 ] || return 0
	c_mark links
	c_limit 10 sh -c "$c_read_links" sh "$@" >&3 2>/dev/null
}

# shellcheck disable=SC2016 # expanded by the inner shell
c_read_links='for p do
	printf "%s\0" "$p"
	readlink -n "$p"
	printf "\0"
	if [ -e "$p" ]; then readlink -f -n "$p"; fi
	printf "\0"
done'

# head names every file before its content, and stops reading a file that is too large.
c_files_contents() {
	c_kind=
	for c_word do
		shift
		case $c_kind in
		'') c_kind=$c_word ;;
		c)
			[ ! -f "$c_word" ] || set -- "$@" "$c_word"
			c_kind=
			;;
		*) c_kind= ;;
		esac
	done
	[ $# -gt 0 ] || return 0
	c_mark content
	c_error=$(c_limit 60 head -v -c 1048577 "$@" 2>&1 >&3)
	c_code=$?
	if [ "$c_code" -ne 0 ]; then
		c_mark content-error "$c_code"
		printf '%s' "$c_error" >&3
	fi
	# Only where some size has seven digits can a file be over the limit.
	case $c_stats in
	*"$c_tag":[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*)
		if c_have sha256sum; then
			c_mark hash
			c_limit 600 find -L "$@" -prune -type f -size +1048576c -exec sha256sum {} + >&3 2>/dev/null
		else
			c_mark no-sha256sum
		fi
		;;
	esac
}

c_files_hashes() {
	c_kind=
	for c_word do
		shift
		case $c_kind in
		'') c_kind=$c_word ;;
		a)
			[ ! -f "$c_word" ] || set -- "$@" "$c_word"
			c_kind=
			;;
		*) c_kind= ;;
		esac
	done
	[ $# -gt 0 ] || return 0
	if c_have sha256sum; then
		c_mark hash
		c_limit 600 sha256sum "$@" >&3 2>/dev/null
	else
		c_mark no-sha256sum
	fi
}

c_patience=10
