#include "engine/store/incompatibility.h"

#include "engine/store/compare_images.h"
#include "engine/store/image_of_catalog.h"

namespace rowan::store {
namespace {

bool Breaks(const Difference& difference) {
  switch (difference.kind) {
    case DifferenceKind::kTableMissing:
    case DifferenceKind::kTableKind:
    case DifferenceKind::kColumnMissing:
    case DifferenceKind::kType:
    case DifferenceKind::kKeyMissing:  // of upserts and connects
      return true;
    case DifferenceKind::kNullability:
      return difference.wanted_column->nullable;
    case DifferenceKind::kColumnUnknown:
      return difference.gravity != Gravity::kNotice;
    case DifferenceKind::kLabels:
    case DifferenceKind::kSchemaMissing:
    case DifferenceKind::kEnumMissing:
    case DifferenceKind::kDefault:
    case DifferenceKind::kIndexMissing:
    case DifferenceKind::kIndexInvalid:
    case DifferenceKind::kCheckMissing:
    case DifferenceKind::kCheckDiffers:
    case DifferenceKind::kCheckNotValidated:
    case DifferenceKind::kForeignKeyMissing:
    case DifferenceKind::kAction:
    case DifferenceKind::kForeignKeyNotValidated:
    case DifferenceKind::kName:
      return false;
  }
  return false;
}

}  // namespace

std::optional<SchemaDifference> FindIncompatibility(const Catalog& earlier, const Catalog& current) {
  const DatabaseImage now = ImageOf(current);
  const DatabaseImage before = ImageOf(earlier);
  for (const Difference& difference : CompareImages(now, before)) {
    if (!Breaks(difference)) continue;
    return SchemaDifference{difference.gravity, KindName(difference.kind), difference.path,
                            difference.object,  difference.expected,       difference.found};
  }
  return std::nullopt;
}

}  // namespace rowan::store
