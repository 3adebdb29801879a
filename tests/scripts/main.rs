#[cfg(test)]
mod files;
#[cfg(test)]
mod host;
#[cfg(test)]
mod names;
#[cfg(test)]
mod programs;
