# What is kept on a host from run to run.

# c_record_run RUN BY WHAT: who changed the host last. It is for people: where it cannot be written, it is left out. Only
# root writes it.
c_record_run() {
	c_find_uid
	[ "$c_uid" = 0 ] || return 0
	c_ask_date
	umask 022
	if c_note_beside /var/lib/cachesmith "run=$1
time=$c_date
by=$2
what=$3
" && mv -f "$c_new" /var/lib/cachesmith/last-run 2>/dev/null; then
		c_recorded=/var/lib/cachesmith/last-run
		c_new=
	else
		c_note_drop
		c_error=
	fi
	umask 077
}

# c_keep_note PATH TEXT ROOT: for this account alone, and onto the disk before anything that it is about. ROOT is yes where
# other than root's leave it out.
c_keep_note() {
	if [ "$3" = yes ]; then
		c_find_uid
		[ "$c_uid" = 0 ] || return 0
	fi
	# Under another name of the same machine, the folder may just be taken away.
	for c_attempt in 1 2 3; do
		if c_note_beside "${1%/*}" "$2" && c_note_place "$1"; then
			c_error=
			return 0
		fi
		c_note_drop
	done
	return 1
}

# c_note_beside FOLDER TEXT: c_new, a file in this folder.
c_note_beside() {
	[ -d "$1" ] || c_do "cannot make the directory $1" mkdir -p "$1" || return 1
	c_beside "$1/" files
	c_new=$c_free-note
	c_put "$c_new" "$2" && return 0
	c_ask_why "$c_new"
	c_fail "cannot write in $1: $c_said"
}

# With what was recorded of the run. The folders may be new.
c_note_place() {
	c_place=${1%/*}
	c_flush "$c_new" ${c_recorded:+"$c_recorded"} || {
		c_fail "cannot write in $c_place: $c_said"
		return 1
	}
	c_do "cannot write $1" mv -f "$c_new" "$1" || return 1
	c_new=
	c_flush "$c_place" "${c_place%/*}" "${c_place%/*/*}" || c_fail "cannot write in $c_place: $c_said"
}

c_note_drop() {
	[ -z "$c_new" ] || rm -f "$c_new"
	c_new=
}

# c_remove_note PATH: with the folders that held it where nothing else is in them. What it comes to decides nothing.
c_remove_note() {
	[ ! -e "$1" ] || rm -f "$1" 2>/dev/null
	c_place=${1%/*}
	c_remove_empty "$c_place"
	c_remove_empty "${c_place%/*}"
}

c_recorded=''
