//! Dates in cells, as days since 1970-01-01 in the proleptic Gregorian calendar; a time of day is a part of a day, a zone is taken off.

use serde::{Deserialize, Serialize};

/// The order of year, month and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 2024-01-31, 2024/1/31.
    YearFirst,
    /// 31.1.2024, 31/01/2024.
    DayFirst,
    /// 1/31/2024.
    MonthFirst,
    /// 20240131.
    Compact,
}

impl DateOrder {
    /// All orders, the safest first.
    pub(super) const ALL: [Self; 4] = [Self::YearFirst, Self::DayFirst, Self::MonthFirst, Self::Compact];

    /// Days since 1970-01-01 of a cell; `None` if it is no date in this order.
    pub fn days(self, text: &str) -> Option<f64> {
        let (date, time) = match text.split_once(['T', ' ']) {
            Some((date, time)) => (date, Some(time.trim())),
            None => (text, None),
        };
        let (year, month, day) = self.parts(date)?;
        let day_number = day_number(year, month, day)?;
        let fraction = match time {
            Some(time) => seconds(time)? / 86_400.0,
            None => 0.0,
        };
        Some(day_number as f64 + fraction)
    }

    fn parts(self, date: &str) -> Option<(i64, u32, u32)> {
        if self == Self::Compact {
            let is_plain = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
            return is_plain
                .then(|| Some((date[..4].parse().ok()?, date[4..6].parse().ok()?, date[6..].parse().ok()?)))
                .flatten();
        }
        let mark = date.chars().find(|letter| !letter.is_ascii_digit())?;
        if !matches!(mark, '-' | '/' | '.') {
            return None;
        }
        let mut pieces = date.split(mark);
        let (a, b, c) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let is_short = |piece: &str| (1..=2).contains(&piece.len());
        let digits = [a, b, c].iter().all(|piece| piece.bytes().all(|byte| byte.is_ascii_digit()));
        if pieces.next().is_some() || !digits {
            return None;
        }
        let number = |piece: &str| piece.parse::<u32>().ok();
        match self {
            Self::YearFirst if a.len() == 4 && is_short(b) && is_short(c) => {
                Some((a.parse().ok()?, number(b)?, number(c)?))
            }
            Self::DayFirst if c.len() == 4 && is_short(a) && is_short(b) => {
                Some((c.parse().ok()?, number(b)?, number(a)?))
            }
            Self::MonthFirst if c.len() == 4 && is_short(a) && is_short(b) && mark != '.' => {
                Some((c.parse().ok()?, number(a)?, number(b)?))
            }
            _ => None,
        }
    }
}

/// The day of a date, counted from 1970-01-01; `None` for a date that is not in the calendar.
fn day_number(year: i64, month: u32, day: u32) -> Option<i64> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTHS.get(month.checked_sub(1)? as usize)? + u32::from(is_leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March put the day that comes and goes at their end.
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Month (1 to 12), day of the month (1 to 31) and day of the week (1 for Monday to 7) of a day since 1970-01-01.
pub fn calendar(days: f64) -> (u32, u32, u32) {
    let (_, month, day_of_month) = date_of(days);
    // 1970-01-01 was a Thursday.
    (month, day_of_month, ((days.floor() as i64 + 3).rem_euclid(7) + 1) as u32)
}

/// The date of a day since 1970-01-01 as `year-month-day`; a part of a day is left out.
pub fn day_in_words(days: f64) -> String {
    let (year, month, day) = date_of(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of the month of a day since 1970-01-01.
fn date_of(days: f64) -> (i64, u32, u32) {
    let day = days.floor() as i64;
    let shifted = day + 719_468;
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = (day_of_year - (153 * from_march + 2) / 5 + 1) as u32;
    let month = ((from_march + 2) % 12 + 1) as u32;
    let year = shifted.div_euclid(146_097) * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}

/// Seconds of a time of day, `hh:mm`, `hh:mm:ss` or with a fraction, a zone taken off.
fn seconds(time: &str) -> Option<f64> {
    let (time, zone) = match time.find(['Z', '+', '-']) {
        Some(place) => (time.get(..place)?, zone(time.get(place..)?)?),
        None => (time, 0.0),
    };
    let mut pieces = time.split(':');
    let hours: u32 = pieces.next()?.parse().ok().filter(|hours| *hours < 24)?;
    let minutes: u32 = pieces.next()?.parse().ok().filter(|minutes| *minutes < 60)?;
    let seconds: f64 = match pieces.next() {
        Some(text) => text.parse().ok().filter(|seconds| (0.0..61.0).contains(seconds))?,
        None => 0.0,
    };
    pieces.next().is_none().then(|| f64::from(hours * 3600 + minutes * 60) + seconds - zone)
}

/// Seconds by which a zone is ahead: `Z`, `+02:00`, `-0530`.
fn zone(text: &str) -> Option<f64> {
    if text == "Z" {
        return Some(0.0);
    }
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let digits: String = text.chars().skip(1).filter(|letter| *letter != ':').collect();
    let hours: f64 = digits.get(..2)?.parse().ok()?;
    let minutes: f64 = if digits.len() > 2 { digits.get(2..4)?.parse().ok()? } else { 0.0 };
    Some(sign * (hours * 3600.0 + minutes * 60.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_days() {
        let days = |order: DateOrder, text: &str| order.days(text);
        assert_eq!(days(DateOrder::YearFirst, "1970-01-01"), Some(0.0));
        assert_eq!(days(DateOrder::YearFirst, "2024-01-01"), Some(19_723.0));
        assert_eq!(days(DateOrder::YearFirst, "1969/12/31"), Some(-1.0));
        assert_eq!(days(DateOrder::DayFirst, "29.02.2024"), Some(19_782.0));
        assert_eq!(days(DateOrder::MonthFirst, "2/29/2024"), Some(19_782.0));
        assert_eq!(days(DateOrder::Compact, "20240229"), Some(19_782.0));
        assert_eq!(days(DateOrder::YearFirst, "2023-02-29"), None, "not in the calendar");
        assert_eq!(days(DateOrder::MonthFirst, "29/02/2024"), None, "no month 29");
        assert_eq!(days(DateOrder::MonthFirst, "1.2.2024"), None, "points put the day first");
        assert_eq!(days(DateOrder::YearFirst, "1970-01-01T12:00"), Some(0.5));
        assert_eq!(
            days(DateOrder::YearFirst, "1970-01-01 01:00:00+01:00"),
            Some(0.0),
            "the zone is taken off"
        );
        assert_eq!(days(DateOrder::YearFirst, "1970-01-01 25:00"), None, "no such hour");
        assert_eq!(days(DateOrder::YearFirst, "12-34"), None);
        assert_eq!(days(DateOrder::DayFirst, "1.2.24"), None, "two digits leave the century open");
    }

    #[test]
    fn days_know_their_place_in_the_calendar() {
        for day in (-200_000..200_000_i64).step_by(37) {
            let (month, day_of_month, _) = calendar(day as f64);
            let year = (1400..2600).find(|year| day_number(*year, month, day_of_month) == Some(day));
            let year = year.unwrap_or_else(|| panic!("day {day} is {month}/{day_of_month} of some year"));
            assert_eq!(day_in_words(day as f64), format!("{year:04}-{month:02}-{day_of_month:02}"));
        }
        assert_eq!(calendar(19_782.5), (2, 29, 4), "a Thursday in February");
    }
}
