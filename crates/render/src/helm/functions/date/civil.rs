//! Times taken apart into years, months and days, and put together again.

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Days before each month of a year that is no leap year.
const DAYS_BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/// A time taken apart, in its own zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: usize,
    pub(super) day: i64,
    /// From 0, which is Sunday.
    pub(super) weekday: usize,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// From 1.
    pub(super) day_of_year: i64,
}

impl Civil {
    /// Counts in years that start with March, so that leap days stand last.
    pub(super) fn of(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let shifted = days + 719_468;
        let (era, in_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
        let day_of_march_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_march_year + 2) / 153;
        let day = day_of_march_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let month = usize::try_from(month).unwrap_or(1);
        let leap_day = i64::from(is_leap(year) && month > 2);
        Self {
            year,
            month,
            day,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            day_of_year: DAYS_BEFORE.get(month - 1).copied().unwrap_or(0) + day + leap_day,
        }
    }
}

/// Whether the year has a 29th of February.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month, which counts from 1.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    let index = usize::try_from(month - 1).unwrap_or(0);
    let bound = |at: usize| DAYS_BEFORE.get(at).copied().unwrap_or(0);
    bound(index + 1) - bound(index) + i64::from(month == 2 && is_leap(year))
}

/// Month and day of a day of a year that is no leap year; both count from 1.
pub(super) fn month_and_day(day_of_year: i64) -> (i64, i64) {
    let before = DAYS_BEFORE.iter().rposition(|before| *before < day_of_year).unwrap_or(0);
    (before as i64 + 1, day_of_year - DAYS_BEFORE.get(before).copied().unwrap_or(0))
}

/// Seconds since 1970 of midnight of a day, in UTC.
pub(super) fn midnight(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let index = usize::try_from(month - 1).unwrap_or(0);
    let in_year = DAYS_BEFORE.get(index).copied().unwrap_or(0) + i64::from(month > 2 && is_leap(year)) + day - 1;
    // 719,162 days from the start of year 1 to 1970.
    (before * 365 + leap_days + in_year - 719_162) * 86_400
}

#[cfg(test)]
mod tests {
    use super::{Civil, days_in, midnight, month_and_day};
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn what_is_taken_apart_can_be_put_together(seconds in -62_135_596_800_i64..253_402_300_800) {
            let civil = Civil::of(seconds);
            let again = midnight(civil.year, civil.month as i64, civil.day)
                + civil.hour * 3600 + civil.minute * 60 + civil.second;
            prop_assert_eq!(again, seconds);
        }
    }

    #[test]
    fn months_end_where_they_should() {
        assert_eq!([days_in(1, 2023), days_in(2, 2023), days_in(2, 2024), days_in(12, 2023)], [31, 28, 29, 31]);
        assert_eq!(
            [month_and_day(1), month_and_day(59), month_and_day(60), month_and_day(365)],
            [(1, 1), (2, 28), (3, 1), (12, 31)]
        );
    }
}
