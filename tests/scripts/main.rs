#[cfg(test)]
mod cleanup;
#[cfg(test)]
mod cut;
#[cfg(test)]
mod files;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod host;
#[cfg(test)]
mod kernel;
#[cfg(test)]
mod names;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod write;
