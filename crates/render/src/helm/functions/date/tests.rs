use super::{parse::parse, time::Time, zone::Zone};

fn at(seconds: i64, zone: &str) -> Time {
    Time { zone: Zone::load(zone).unwrap(), ..Time::of_unix(seconds) }
}

#[test]
fn times_are_formatted_as_in_go() {
    for (layout, expected) in [
        ("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20Z"),
        ("Mon, 02 Jan 2006 15:04:05 MST", "Tue, 14 Nov 2023 22:13:20 UTC"),
        ("Monday January _2 3:4:5PM 06 002 -0700", "Tuesday November 14 10:13:20PM 23 318 +0000"),
        ("20060102150405.000", "20231114221320.000"),
        ("1/2/2006 .999x", "11/14/2023 x"),
        ("Months Janus __2 _2006", "Months Janus 318 _2023"),
        ("Z070000 Z07:00:00 -07:00:00 -07", "Z Z +00:00:00 +00"),
    ] {
        assert_eq!(at(1_700_000_000, "UTC").format(layout), expected, "{layout}");
    }
    assert_eq!(at(951_782_400, "").format("2006-01-02 002"), "2000-02-29 060");
    assert_eq!(at(-1, "Local").format("2006-01-02 15:04:05"), "1969-12-31 23:59:59");
}

#[test]
fn zones_have_their_rules_and_names() {
    let layout = "2006-01-02 15:04:05 -0700 MST Z07:00";
    for (seconds, zone, expected) in [
        (1_700_000_000, "Europe/Berlin", "2023-11-14 23:13:20 +0100 CET +01:00"),
        (1_690_000_000, "Europe/Berlin", "2023-07-22 06:26:40 +0200 CEST +02:00"),
        (1_700_000_000, "America/Sao_Paulo", "2023-11-14 19:13:20 -0300 -03 -03:00"),
        (1_700_000_000, "Asia/Kolkata", "2023-11-15 03:43:20 +0530 IST +05:30"),
    ] {
        assert_eq!(at(seconds, zone).format(layout), expected);
    }
    for unknown in ["europe/berlin", "Mars", "../../etc/passwd", "/etc/localtime"] {
        assert!(Zone::load(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn texts_become_times_as_in_go() {
    for (layout, text, expected) in [
        ("2006-01-02", "2024-02-29", "2024-02-29 00:00:00 +0000 UTC"),
        ("2006-01-02T15:04:05Z07:00", "2024-05-06T07:08:09.5+02:00", "2024-05-06 07:08:09.5 +0200 +0200"),
        ("2006-01-02T15:04:05Z07:00", "2024-05-06T07:08:09Z", "2024-05-06 07:08:09 +0000 UTC"),
        ("Jan _2 2006 3:04PM MST", "mar  7 2024 12:30AM CET", "2024-03-07 00:30:00 +0000 CET"),
        ("06 002", "70 366", ""),
        ("06 002", "72 366", "1972-12-31 00:00:00 +0000 UTC"),
        ("2006-01-02", "2023-02-29", ""),
        ("2006-01-02", "2023-13-01", ""),
        ("15:04", "7:60", ""),
        ("2006", "2023x", ""),
        ("2006", "203", ""),
    ] {
        assert_eq!(
            parse(layout, text).map(|time| time.format("2006-01-02 15:04:05.999 -0700 MST")).unwrap_or_default(),
            expected,
            "{text}"
        );
    }
    let message = |layout: &str, text: &str| parse(layout, text).unwrap_err();
    assert_eq!(message("2006", "x"), r#"parsing time "x" as "2006": cannot parse "x" as "2006""#);
    assert_eq!(message("2006-01-02", "2023-13-01"), r#"parsing time "2023-13-01": month out of range"#);
    assert_eq!(message("2006", "2023x"), r#"parsing time "2023x": extra text: "x""#);
}
