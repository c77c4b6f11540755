//! Expected texts come from Go 1.26.

use super::*;

#[test]
fn a_value_has_three_words() {
    assert_eq!(size_of::<Value>(), 24);
}

fn int(number: i64) -> Value {
    Value::int(number)
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn bytes(text: &str) -> Value {
    Value::bytes(text.into())
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| (Str::from(*key), value.clone())).collect())
}

fn list(items: &[Value]) -> Value {
    Value::list(items.to_vec())
}

fn strings(items: &[&str]) -> Value {
    Value::List(List::of_text(items.iter().copied()))
}

fn format(format: &str, arguments: &[Value]) -> String {
    sprintf(&format.into(), arguments).unwrap().text().into_owned()
}

fn print(value: &Value) -> String {
    let mut out = Writer::new();
    print_value(&mut out, value).unwrap();
    out.finish().text().into_owned()
}

#[test]
fn floats_print_as_in_go() {
    let table = [
        (1e6, "1e+06 1e+06 1e+06 1.000000e+06 1000000.0 1E+06"),
        (1_234_567.0, "1.234567e+06 1.234567e+06 1.23e+06 1.234567e+06 1234567.0 1.234567E+06"),
        (1e5, "100000 100000 1e+05 1.000000e+05 100000.0 100000"),
        (123_456.0, "123456 123456 1.23e+05 1.234560e+05 123456.0 123456"),
        (1e20, "1e+20 1e+20 1e+20 1.000000e+20 100000000000000000000.0 1E+20"),
        (1.5e-5, "1.5e-05 1.5e-05 1.5e-05 1.500000e-05   0.0 1.5E-05"),
        (0.0001, "0.0001 0.0001 0.0001 1.000000e-04   0.0 0.0001"),
        (100_000.5, "100000.5 100000.5 1e+05 1.000005e+05 100000.5 100000.5"),
        (3.0, "3 3 3 3.000000e+00   3.0 3"),
        (1_234_567.5, "1.2345675e+06 1.2345675e+06 1.23e+06 1.234568e+06 1234567.5 1.2345675E+06"),
        (0.0, "0 0 0 0.000000e+00   0.0 0"),
    ];
    for (number, expected) in table {
        let value = Value::Float(number);
        let arguments = vec![value.clone(); 5];
        let found = format!("{} {}", print(&value), format("%g %.3g %e %5.1f %G", &arguments));
        assert_eq!(found, expected);
    }
    assert_eq!(print(&Value::Float(f64::INFINITY)), "+Inf");
    assert_eq!(print(&Value::Float(f64::NEG_INFINITY)), "-Inf");
    assert_eq!(print(&Value::Float(f64::NAN)), "NaN");
}

#[test]
fn verbs_and_flags_print_as_in_go() {
    let table: &[(&str, &[Value], &str)] = &[
        (
            "%06s|%-6s|%06d|%-06d|%+d",
            &[text("abc"), text("abc"), int(-42), int(-42), int(42)],
            "000abc|abc   |-00042|-42   |+42",
        ),
        (
            "%x|%X|%#x|% d|%c|%U",
            &[int(255), text("hi"), int(255), int(42), int(65), int(65)],
            "ff|6869|0xff| 42|A|U+0041",
        ),
        (
            "%08.3f|%+.2e|%t|%v|%5t",
            &[Value::Float(3.14201), Value::Float(12345.678), true.into(), Value::Nil, true.into()],
            "0003.142|+1.23e+04|true|<nil>| true",
        ),
        (
            "%q|%#q|%+q|%x|% x",
            &[text("a\"b\u{e9}\u{a0}"), text("ab"), text("é"), text("hi"), text("hi")],
            "\"a\\\"bé\\u00a0\"|`ab`|\"\\u00e9\"|6869|68 69",
        ),
        (
            "%d %s|%!|%z|%[2]d %[1]d|%[5]d|%*d|%.*f",
            &[int(1)],
            "1 %!s(MISSING)|%!!(MISSING)|%!z(MISSING)|%!d(BADINDEX) 1|%!d(BADINDEX)|%!(BADWIDTH)%!d(MISSING)|%!(BADPREC)%!f(MISSING)",
        ),
        ("%d %d", &[int(1), int(2), int(3), text("x"), Value::Nil], "1 2%!(EXTRA int=3, string=x, <nil>)"),
        (
            "%-10v|%10v|%010v|%x",
            &[list(&[text("a"), int(1)]), text("é"), Value::Float(1.5), strings(&["ab", "c"])],
            "[a          1         ]|         é|00000001.5|[6162 63]",
        ),
        ("%v %s %d", &[bytes("hi"), bytes("hi"), bytes("hi")], "[104 105] hi [104 105]"),
        ("%5.2s|%.1q|%x|%X", &[text("héllo"), text("xyz"), Value::Float(1.5), int(-255)], "   hé|\"x\"|0x1.8p+00|-FF"),
        (
            "%#v|%#v|%#v|%#v|%v|%s",
            &[text("a"), Value::Float(1.0), strings(&["a"]), list(&[int(1), Value::Nil]), Value::int64(3), int(3)],
            "\"a\"|1|[]string{\"a\"}|[]interface {}{1, interface {}(nil)}|3|%!s(int=3)",
        ),
        (
            "%!d|%d|%s|%t|%c|%q|%e",
            &[Value::Float(3.0), text("x"), true.into(), int(1), text("s"), int(65), int(3)],
            "%!!(float64=3)d|%!d(string=x)|%!s(bool=true)|%!t(int=1)|%!c(string=s)|'A'|%!e(int=3)",
        ),
        ("100%% %", &[int(1)], "100% %!(NOVERB)%!(EXTRA int=1)"),
        (
            "%1000000000d|%.2000000f|%-d",
            &[int(1), Value::Float(2.0), int(5)],
            "%!(NOVERB)%!(EXTRA int=1, float64=2, int=5)",
        ),
        (
            "%b|%o|%O|%#o|%#b|%x|%08b",
            &[int(5), int(8), int(8), int(8), int(5), int(-1), int(5)],
            "101|10|0o10|010|0b101|-1|00000101",
        ),
        ("%+q|%#U|%6.2f%%", &[int(0x1F600), int(0x1F600), Value::Float(99.5)], "'\\U0001f600'|U+1F600 '😀'| 99.50%"),
        ("%s|%v|%d", &[Value::Nil, list(&[Value::Nil]), list(&[Value::Nil])], "%!s(<nil>)|[<nil>]|[<nil>]"),
        (
            "%05d|%5d|%-5d|%+05d|%x|%X|%T %T",
            &[int(-3), int(-3), int(-3), int(3), text("héé"), text("héé"), Value::Nil, bytes("")],
            "-0003|   -3|-3   |+0003|68c3a9c3a9|68C3A9C3A9|<nil> []uint8",
        ),
        (
            "%6.3v|%.3v|%10.4v|%+v|%+.3g|% .2f|%g|%g|%#g|%#.3x",
            &[
                text("abcdef"),
                Value::Float(3.14201),
                Value::Float(3.14201),
                Value::Float(3.0),
                Value::Float(3.0),
                Value::Float(2.0),
                Value::Float(1e100),
                Value::Float(1e-7),
                Value::Float(1.0),
                text("abcd"),
            ],
            "   abc|3.14|     3.142|3|+3| 2.00|1e+100|1e-07|1.00000|0x616263",
        ),
        (
            "%3c|%-3c|%03c|%q|%q",
            &[int(120), int(120), int(120), int(10), int(0x11_ffff)],
            "  x|x  |00x|'\\n'|'\u{fffd}'",
        ),
        (
            "%[1]*d|%[2]v|%[x]d|%[1]|%.[1]d|%d|%+[1]d|%[3]*.[2]*[1]f",
            &[int(5), int(2), int(7)],
            "    2|2|%!d(BADINDEX)|%!|(int=5)5|2|+5|%!f(int=     05)",
        ),
        ("%x|%s", &[list(&[text("a"), int(1), Value::Float(2.5)]), map(&[])], "[61 1 0x1.4p+01]|map[]"),
        (
            "%t|%t|%08v|%-08v|%08q|%x",
            &[text("a"), Value::Nil, text("é"), text("a"), text("b"), true.into()],
            "%!t(string=a)|%!t(<nil>)|0000000é|a       |00000\"b\"|%!x(bool=true)",
        ),
    ];
    for (pattern, arguments, expected) in table {
        assert_eq!(&format(pattern, arguments), expected, "{pattern}");
    }
}

#[test]
fn maps_print_sorted_and_with_their_verb() {
    let nested = map(&[("c", Value::Nil), ("b", list(&[text("x"), Value::Nil, Value::Float(1.5)])), ("a", int(1))]);
    let table = [
        ("%v", "map[a:1 b:[x <nil> 1.5] c:<nil>]"),
        (
            "%#v",
            "map[string]interface {}{\"a\":1, \"b\":[]interface {}{\"x\", interface {}(nil), 1.5}, \"c\":interface {}(nil)}",
        ),
        ("%d", "map[%!d(string=a):1 %!d(string=b):[%!d(string=x) <nil> %!d(float64=1.5)] %!d(string=c):<nil>]"),
        ("%s", "map[a:%!s(int=1) b:[x <nil> %!s(float64=1.5)] c:<nil>]"),
        ("%q", "map[\"a\":'\\x01' \"b\":[\"x\" <nil> %!q(float64=1.5)] \"c\":<nil>]"),
        ("%T", "map[string]interface {}"),
    ];
    for (pattern, expected) in table {
        assert_eq!(format(pattern, std::slice::from_ref(&nested)), expected);
    }
}

#[test]
fn print_puts_spaces_between_values_that_are_not_text() {
    let mut out = Writer::new();
    let values =
        [text("a"), text("b"), int(1), int(2), text("c"), Value::Float(3.0), Value::Nil, Value::Nil, true.into()];
    print_values(&mut out, &values).unwrap();
    assert_eq!(out.finish().text(), "ab1 2c3 <nil> <nil> true");
}

#[test]
fn text_keeps_bytes_that_are_not_utf8() {
    let cut = Str::from_bytes(b"h\xc3".to_vec());
    assert_eq!(cut.as_bytes(), b"h\xc3");
    assert_eq!(cut.as_str(), None);
    assert_eq!(cut.text(), "h\u{fffd}");
    assert_eq!(format("%q %x %s", &[cut.clone().into(), cut.clone().into(), "é".into()]), "\"h\\xc3\" 68c3 é");
}

#[test]
fn what_values_hold_is_counted_until_they_are_gone() {
    let before = meter::held();
    let map = Map::new();
    map.insert("list".into(), Value::list(vec![Value::text("x".repeat(1000)); 10]));
    map.insert("text".into(), Value::text("y".repeat(500)));
    assert!(meter::held() >= before + 1500, "{} {before}", meter::held());
    map.remove("text");
    let copy = map.clone();
    drop(map);
    assert!(meter::held() >= before + 1000);
    drop(copy);
    assert_eq!(meter::held(), before);
}

#[test]
fn values_nested_deeper_than_the_stack_can_be_dropped_and_are_refused_where_they_are_walked() {
    let before = meter::held();
    let mut value = Value::Nil;
    for at in 0..200_000 {
        value = if at % 2 == 0 { map(&[("a", value)]) } else { list(&[value]) };
    }
    assert!(matches!(print_value(&mut Writer::new(), &value), Err(crate::helm::fault::Fault::Limit { .. })));
    assert!(to_json(&value).is_err());
    assert!(deep_equal(&value, &map(&[("a", list(&[value.clone()]))]), &mut |_| Ok(())).is_ok());
    drop(value);
    assert_eq!(meter::held(), before);
}

#[test]
fn a_map_in_itself_is_refused_and_can_be_taken_apart() {
    let before = meter::held();
    let knot = Map::new();
    knot.insert("me".into(), knot.clone().into());
    assert!(print_value(&mut Writer::new(), &knot.clone().into()).is_err());
    assert!(write_json(&mut Writer::new(), &knot.clone().into(), JsonStyle::default()).is_err());
    knot.clear();
    drop(knot);
    assert_eq!(meter::held(), before);
}

#[test]
fn the_last_of_equal_keys_counts() {
    let map = Map::of(MapKind::Any, vec![("b".into(), int(1)), ("a".into(), int(2)), ("b".into(), int(3))]);
    assert_eq!(print(&map.into()), "map[a:2 b:3]");
}

#[test]
fn json_is_written_as_in_go() {
    let value = map(&[
        ("html", text("<a href=\"x\">&\u{2028}\u{1}\u{8}")),
        (
            "numbers",
            list(&[
                Value::Float(1e6),
                Value::Float(1e21),
                Value::Float(1e-7),
                Value::Float(1.5),
                int(3),
                Value::Float(-0.0),
            ]),
        ),
        ("empty", list(&[])),
        ("none", map(&[])),
        ("nil", Value::Nil),
        ("bytes", bytes("hi")),
    ]);
    let write = |style| {
        let mut out = Writer::new();
        write_json(&mut out, &value, style).unwrap();
        out.finish().text().into_owned()
    };
    assert_eq!(
        write(JsonStyle { escape_html: true, indent: false }),
        r#"{"bytes":"aGk=","empty":[],"html":"\u003ca href=\"x\"\u003e\u0026\u2028\u0001\b","nil":null,"none":{},"numbers":[1000000,1e+21,1e-7,1.5,3,-0]}"#
    );
    assert_eq!(
        write(JsonStyle { escape_html: false, indent: true }),
        "{\n  \"bytes\": \"aGk=\",\n  \"empty\": [],\n  \"html\": \"<a href=\\\"x\\\">&\\u2028\\u0001\\b\",\n  \"nil\": null,\n  \"none\": {},\n  \"numbers\": [\n    1000000,\n    1e+21,\n    1e-7,\n    1.5,\n    3,\n    -0\n  ]\n}"
    );
    assert!(write_json(&mut Writer::new(), &Value::Float(f64::NAN), JsonStyle::default()).is_err());
}

#[test]
fn comparisons_follow_go() {
    assert_eq!(equal(&int(1), &Value::int64(1)), Ok(true));
    assert_eq!(equal(&Value::Nil, &text("")), Ok(false));
    assert_eq!(equal(&Value::Nil, &Value::Nil), Ok(true));
    assert_eq!(
        equal(&int(1), &Value::Float(1.0)).unwrap_err().to_string(),
        "incompatible types for comparison: int and float64"
    );
    assert!(equal(&map(&[]), &map(&[])).is_err());
    assert_eq!(less(&text("a"), &text("b")), Ok(true));
    assert_eq!(less(&true.into(), &true.into()).unwrap_err().to_string(), "invalid type for comparison");
    assert_eq!(less(&Value::Nil, &int(1)).unwrap_err().to_string(), "invalid type for comparison");
    let deep_equal = |left: &Value, right: &Value| deep_equal(left, right, &mut |_| Ok(()));
    assert_eq!(deep_equal(&int(1), &Value::int64(1)), Ok(false));
    assert_eq!(deep_equal(&list(&[text("a")]), &strings(&["a"])), Ok(false));
    assert_eq!(deep_equal(&list(&[text("a")]), &list(&[text("a")])), Ok(true));
}

#[test]
fn integers_are_read_as_in_go() {
    for (text, base, expected) in [
        ("0x1F", 0, Some(31)),
        ("-017", 0, Some(-15)),
        ("0o17", 0, Some(15)),
        ("0b101", 0, Some(5)),
        ("1_000", 0, Some(1000)),
        ("1__0", 0, None),
        ("08", 0, None),
        ("08", 10, Some(8)),
        ("1_000", 10, None),
        ("", 0, None),
        ("-", 0, None),
        ("+5", 0, Some(5)),
        ("0", 0, Some(0)),
        ("-9223372036854775808", 0, Some(i64::MIN)),
        ("9223372036854775808", 0, None),
    ] {
        assert_eq!(parse_int(text, base), expected, "{text}");
    }
    for (text, expected) in
        [("1.5", Some(1.5)), ("1e3", Some(1000.0)), (".5", Some(0.5)), ("1e999", None), ("x", None), ("", None)]
    {
        assert_eq!(parse_float(text), expected, "{text}");
    }
}
