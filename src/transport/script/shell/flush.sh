# c_flush PATH...: onto the disk, all by one program. What cannot be flushed by its nature (a file system without it) is
# no failure. Otherwise c_said says why.
c_flush() {
	c_said=$(sync "$@" 2>&1 3>&-) && return 0
	case $c_said in
	*'nput/output error'* | *'No space left'* | *'uota exceeded'*) return 1 ;;
	esac
	return 0
}
