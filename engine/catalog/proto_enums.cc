#include "engine/catalog/proto_enums.h"

#include "rowan/v1/schema.pb.h"

namespace rowan {

Scalar ScalarOf(v1::ScalarType scalar) {
  switch (scalar) {
    case v1::SCALAR_TYPE_INT16:
      return Scalar::kInt16;
    case v1::SCALAR_TYPE_INT32:
      return Scalar::kInt32;
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
      return Scalar::kInt64;
    case v1::SCALAR_TYPE_FLOAT32:
      return Scalar::kFloat32;
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_NUMBER:
      return Scalar::kFloat64;
    case v1::SCALAR_TYPE_DECIMAL:
      return Scalar::kDecimal;
    case v1::SCALAR_TYPE_BOOL:
      return Scalar::kBool;
    case v1::SCALAR_TYPE_STRING:
      return Scalar::kString;
    case v1::SCALAR_TYPE_BYTES:
      return Scalar::kBytes;
    case v1::SCALAR_TYPE_UUID:
      return Scalar::kUuid;
    case v1::SCALAR_TYPE_DATE:
      return Scalar::kDate;
    case v1::SCALAR_TYPE_TIME:
      return Scalar::kTime;
    case v1::SCALAR_TYPE_TIMESTAMP:
      return Scalar::kTimestamp;
    case v1::SCALAR_TYPE_LOCAL_TIMESTAMP:
      return Scalar::kLocalTimestamp;
    case v1::SCALAR_TYPE_JSON:
      return Scalar::kJson;
    case v1::SCALAR_TYPE_ENUM:
      return Scalar::kEnum;
    case v1::SCALAR_TYPE_TEXT:
    case v1::SCALAR_TYPE_UNSPECIFIED:
    case v1::ScalarType_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::ScalarType_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Scalar::kText;
}

v1::ScalarType ScalarProto(Scalar scalar) {
  switch (scalar) {
    case Scalar::kInt16:
      return v1::SCALAR_TYPE_INT16;
    case Scalar::kInt32:
      return v1::SCALAR_TYPE_INT32;
    case Scalar::kInt64:
      return v1::SCALAR_TYPE_INT64;
    case Scalar::kFloat32:
      return v1::SCALAR_TYPE_FLOAT32;
    case Scalar::kFloat64:
      return v1::SCALAR_TYPE_FLOAT64;
    case Scalar::kDecimal:
      return v1::SCALAR_TYPE_DECIMAL;
    case Scalar::kBool:
      return v1::SCALAR_TYPE_BOOL;
    case Scalar::kString:
      return v1::SCALAR_TYPE_STRING;
    case Scalar::kText:
      return v1::SCALAR_TYPE_TEXT;
    case Scalar::kBytes:
      return v1::SCALAR_TYPE_BYTES;
    case Scalar::kUuid:
      return v1::SCALAR_TYPE_UUID;
    case Scalar::kDate:
      return v1::SCALAR_TYPE_DATE;
    case Scalar::kTime:
      return v1::SCALAR_TYPE_TIME;
    case Scalar::kTimestamp:
      return v1::SCALAR_TYPE_TIMESTAMP;
    case Scalar::kLocalTimestamp:
      return v1::SCALAR_TYPE_LOCAL_TIMESTAMP;
    case Scalar::kJson:
      return v1::SCALAR_TYPE_JSON;
    case Scalar::kEnum:
      return v1::SCALAR_TYPE_ENUM;
  }
  return v1::SCALAR_TYPE_UNSPECIFIED;
}

ReferentialAction ActionOf(v1::ReferentialAction action) {
  switch (action) {
    case v1::REFERENTIAL_ACTION_RESTRICT:
      return ReferentialAction::kRestrict;
    case v1::REFERENTIAL_ACTION_CASCADE:
      return ReferentialAction::kCascade;
    case v1::REFERENTIAL_ACTION_SET_NULL:
      return ReferentialAction::kSetNull;
    case v1::REFERENTIAL_ACTION_SET_DEFAULT:
      return ReferentialAction::kSetDefault;
    case v1::REFERENTIAL_ACTION_NO_ACTION:
    case v1::REFERENTIAL_ACTION_UNSPECIFIED:
    case v1::ReferentialAction_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::ReferentialAction_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return ReferentialAction::kNoAction;
}

v1::ReferentialAction ActionProto(ReferentialAction action) {
  switch (action) {
    case ReferentialAction::kNoAction:
      return v1::REFERENTIAL_ACTION_NO_ACTION;
    case ReferentialAction::kRestrict:
      return v1::REFERENTIAL_ACTION_RESTRICT;
    case ReferentialAction::kCascade:
      return v1::REFERENTIAL_ACTION_CASCADE;
    case ReferentialAction::kSetNull:
      return v1::REFERENTIAL_ACTION_SET_NULL;
    case ReferentialAction::kSetDefault:
      return v1::REFERENTIAL_ACTION_SET_DEFAULT;
  }
  return v1::REFERENTIAL_ACTION_UNSPECIFIED;
}

}  // namespace rowan
