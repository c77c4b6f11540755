use super::*;

#[test]
fn every_name_has_one_entry() {
    let count: usize = FAMILIES.iter().map(|family| family.len()).sum();
    assert_eq!(names().len(), count);
}
