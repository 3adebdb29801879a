# c_name_process PID: c_machine and c_self, by which others can tell whether this process is still there; both are empty where
# there is no /proc, and for names that could not be told apart.
c_name_process() {
	c_machine='' c_self=''
	{ read -r c_machine </proc/sys/kernel/hostname; } 2>/dev/null
	# The end of a name tells machines apart, and the path of a socket in a directory of ours must stay short.
	c_machine=${c_machine%%.*}
	case $c_machine in
	????????????????????????*) c_machine=${c_machine#"${c_machine%????????????????????????}"} ;;
	esac
	c_find_born "$1"
	case $c_machine-$c_born_at in
	-* | *- | *[!A-Za-z0-9-]*) c_machine='' ;;
	*) c_self=$c_machine-${c_line%% *}-$c_born_at- ;;
	esac
}
