pub(crate) mod init;
