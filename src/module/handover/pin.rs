//! A server's file says whom it follows, so that its next start does not make it a primary.

use crate::model::blob::Blob;
use crate::model::change::{Change, Difference, Field};
use crate::model::replication::Endpoint;
use crate::module::Stop;
use crate::module::shared::attributes::Resolved;
use crate::module::shared::file_change::{FileWish, file_change};
use crate::module::shared::target::Target;
use crate::redis::conf::{Document, Effective, merge};

/// The change of the file; `None`: it says so already.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn pin(file: &Target, primary: &Endpoint) -> Result<Option<Change>, Stop> {
    let before = Document::parse(file.content()?.map_or(&[][..], Blob::as_bytes));
    let said = Effective::of_document(&before)
        .named("replicaof")
        .map(|setting| setting.value.shown());
    let wanted = format!("{} {}", primary.address, primary.port);
    if said.as_deref() == Some(wanted.as_str()) {
        return Ok(None);
    }
    let desired = Document::parse(format!("replicaof {wanted}\n"));
    let merged = merge(&before, &desired, &[]).map_err(|error| Stop::failed(error.to_string()))?;
    let attributes = Resolved::default();
    let wish = FileWish {
        secret: true,
        ..FileWish::new(Some(Blob::from(merged.document.to_bytes())), &attributes)
    };
    let mut change = file_change(file, wish)?.change;
    if let Some(change) = &mut change {
        change.difference = Difference::Fields(vec![Field::new("replicaof", said, Some(wanted))]);
        change
            .notes
            .push("so that it follows again when it has restarted".to_owned());
    }
    Ok(change)
}
