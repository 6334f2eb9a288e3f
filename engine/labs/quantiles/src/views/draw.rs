//! Channels that a view derives: one picture each, shown at every step.

use weightscope_frame::record::declared::kinds::OfText;
use weightscope_frame::record::declared::{Declared, Of, PictureKind};
use weightscope_frame::record::{Channel, Data};

/// The channel with one picture, under words for legends.
pub(super) fn picture<K: PictureKind>(channel: &impl Of<K>, label: &str, picture: K::Picture) -> Channel {
    let mut channel = channel.channel();
    label.clone_into(&mut channel.label);
    if let Some(timeline) = K::timeline(&mut channel.data) {
        timeline.push(0, picture);
    }
    channel
}

/// Words of an axis that depend on the data or the controls.
pub(super) fn words(axis: &Declared<OfText>, words: impl Into<String>) -> Channel {
    Channel { data: Data::Text(words.into()), ..Of::channel(axis) }
}

/// The declaration of an axis whose words depend on the data or the controls.
pub(super) const fn axis(id: &'static str) -> Declared<OfText> {
    Declared::new(id, "words of an axis", "", "Names an axis of the view.")
}

/// A channel with a sentence that depends on the data or the controls.
pub(super) fn saying(channel: Channel, about: String) -> Channel {
    Channel { about, ..channel }
}

/// A number in four digits, for words in pictures.
pub(super) fn short(value: f64) -> String {
    const DIGITS: i32 = 4;
    let before = if value == 0.0 { 1 } else { value.abs().log10().floor() as i32 + 1 };
    let decimals = (DIGITS - before).clamp(0, 6) as usize;
    format!("{value:.decimals$}").replace('-', "−")
}
