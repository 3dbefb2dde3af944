// Where something stands in a request, in document form: "data.posts[0].tags.connect[1]", "where.role.name.eq".
//
// A Path is a chain of steps on the stack: making one costs nothing, and only an error turns it into text.
//   Path root("where"); Path role = root.Member("role"); role.Index(2).Text()  ->  "where.role[2]"
// A Path refers to its parent and to its name, and must not outlive them. Not for sharing between threads.
#pragma once

#include <string>
#include <string_view>

namespace rowan {

class Path {
 public:
  explicit Path(std::string_view name) : name_(name) {}
  Path Member(std::string_view name) const { return Path(this, name, -1); }
  Path Index(int index) const { return Path(this, {}, index); }
  std::string Text() const;

 private:
  Path(const Path* parent, std::string_view name, int index) : parent_(parent), name_(name), index_(index) {}

  const Path* parent_ = nullptr;
  std::string_view name_;
  int index_ = -1;  // -1: a member
};

}  // namespace rowan
