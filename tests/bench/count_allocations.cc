// Counts how often a program allocates memory, and how much. Preloaded into it (LD_PRELOAD); the counts are in the file
// that ALLOCATION_COUNTS names, as two numbers of 64 bits that change as the program runs: allocations and bytes.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

struct Counts {
  std::atomic<uint64_t> allocations;
  std::atomic<uint64_t> bytes;
};

Counts unmapped;
Counts* counts = &unmapped;

// Runs when the library is loaded, before the program's own code.
__attribute__((constructor)) void MapCounts() {
  const char* path = getenv("ALLOCATION_COUNTS");
  const int file = path == nullptr ? -1 : open(path, O_RDWR);
  if (file < 0) return;
  void* mapped = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) counts = static_cast<Counts*>(mapped);
}

void Count(size_t bytes) {
  counts->allocations.fetch_add(1, std::memory_order_relaxed);
  counts->bytes.fetch_add(bytes, std::memory_order_relaxed);
}

}  // namespace

// The C library's own, under the names that it keeps for such libraries. operator new calls malloc.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  Count(size);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  Count(count * size);
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  Count(size);
  return __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  Count(size);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** made, size_t alignment, size_t size) {
  Count(size);
  *made = __libc_memalign(alignment, size);
  return *made == nullptr ? 12 : 0;
}
}
