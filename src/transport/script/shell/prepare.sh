# Files that follow each other are written beside their targets before the first of them is put in its place, so that one
# program brings all of them onto the disk. Each takes its place in its own step. What cannot be prepared is left to its
# step, which tells why.

# c_prepare NUMBER PATH MODE UMASK OWNER GROUP: what is in c_content_NUMBER. UMASK is empty where a mode needs chmod.
c_prepare() {
	if [ -L "$2" ] || [ -d "$2" ] || [ ! -d "${2%/*}/" ]; then
		return 0
	fi
	c_was=no
	if [ -e "$2" ]; then
		# What is to stay as it is there, only the step can know.
		if [ -z "$3" ] || [ -z "$5" ] || [ -z "$6" ] || [ -e /sys/fs/selinux/enforce ]; then
			return 0
		fi
		c_was=yes
	fi
	c_beside "${2%/*}/" files
	c_new=$c_free-$1
	eval "c_content=\$c_content_$1"
	c_mode=
	[ -n "$4" ] || c_mode=$3
	umask "${4:-077}"
	c_put "$c_new" "$c_content"
	umask 077
	if [ "$c_is_put" -eq 0 ] && c_attributes "$c_new" "$c_mode" "$5" "$6"; then
		c_mode=${3:-0644}
		eval "c_file_$1=\$c_new c_was_$1=\$c_was c_mode_$1=\$c_mode"
		c_prepared="$c_prepared $1"
		c_files="$c_files \"\$c_file_$1\""
		c_modes="$c_modes
${c_mode#"${c_mode%%[!0]*}"}"
	elif [ -e "$c_new" ]; then
		rm -f "$c_new"
	fi
	c_new=
	c_error=
}

# Behind the last: they have their modes, and are on the disk.
c_prepare_end() {
	[ -n "$c_files" ] || return 0
	# The default ACL of a directory stands above the umask.
	eval "c_said=\$(stat -c %a $c_files 2>/dev/null)"
	if [ "$c_modes" != "
$c_said" ]; then
		for c_step in $c_prepared; do
			eval "c_new=\$c_file_$c_step c_mode=\$c_mode_$c_step"
			[ -z "$c_new" ] || chmod "$c_mode" "$c_new" 2>/dev/null || c_prepare_not
		done
		c_new=
	fi
	if ! eval "c_flush $c_files"; then
		for c_step in $c_prepared; do
			eval "c_new=\$c_file_$c_step"
			[ -z "$c_new" ] || c_prepare_not
		done
		c_new=
	fi
	c_files=
	c_modes=
}

c_prepare_not() {
	rm -f "$c_new"
	eval "c_file_$c_step=''"
}

# c_is_prepared PATH: c_new, where what was written for this step is right still.
c_is_prepared() {
	eval "c_new=\${c_file_$c_number:-}"
	[ -n "$c_new" ] || return 1
	eval "c_file_$c_number='' c_was=\$c_was_$c_number"
	[ "$c_was $1" != "$c_there $c_path" ] || [ ! -f "$c_new" ] || return 0
	rm -f "$c_new"
	c_new=
	return 1
}

c_files='' c_modes=''
