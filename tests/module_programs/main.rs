//! The programs that modules send to hosts, run for real on this machine: what a module decides is carried out in
//! a temporary directory, and what came of it is looked at.

#[cfg(test)]
mod copying;
#[cfg(test)]
mod fetching;
#[cfg(test)]
mod homes;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod unpacking;
#[cfg(test)]
mod waiting;
