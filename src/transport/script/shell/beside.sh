# What a script makes beside its work and takes away again carries in its name whose it is: the machine, the process, and
# when that began. Whoever was killed, or lost its power, takes nothing away; the next script that makes something in the
# same directory does it then, for it can tell that nobody is at work there any more.

# c_beside DIRECTORY/ KIND: c_free, a path in this directory that is this script's alone. What was left there goes: of
# KIND files, everything but directories; of KIND all, those too.
c_beside() {
	# Not the shell that reads the script ($$): that one may go on to the next.
	[ "$c_machine" != unknown ] || c_name_process self
	c_sweep_of "$c_machine" "$1" "$2"
	c_free=$1.cachesmith-$c_self$c_tag
}

# c_sweep_of MACHINE DIRECTORY/ KIND: once for each. A directory may be shared with other machines, whose processes cannot be seen
# from here; nor can those of other accounts where the kernel hides them. Those names are let alone.
c_sweep_of() {
	case $c_swept in
	*"//$2 $3//"*) return 0 ;;
	esac
	c_swept=$c_swept//$2' '$3//
	[ -n "$1" ] && [ -r /proc/1/stat ] || return 0
	for c_stale in "$2.cachesmith-$1-"*; do
		c_after=${c_stale#"$2.cachesmith-$1-"}
		c_whose=${c_after%%-*}
		c_after=${c_after#*-}
		c_after=${c_after%%-*}
		case $c_whose-$c_after in
		*[!0-9-]* | -* | *-) continue ;;
		esac
		c_find_born "$c_whose"
		[ "$c_born_at" != "$c_after" ] || continue
		if [ ! -d "$c_stale" ] || [ -L "$c_stale" ]; then
			rm -f "$c_stale" 2>/dev/null
		elif [ "$3" = all ]; then
			c_sweep_directory "$c_stale"
		fi
	done
}

# Only one of this account's own: what is in another's could be exchanged while it is being removed.
c_sweep_directory() {
	case $(stat -c %u:%f "$1" 2>/dev/null) in
	"$(id -u):4"*) rm -rf "$1" 2>/dev/null ;;
	esac
}

c_machine=unknown c_self='' c_swept=''
