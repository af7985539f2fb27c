/* In the place of a vendor's profiler: the CLR loads it and asks it for the class by its CLSID, and it says which it was asked for. */
#include <stdio.h>

struct guid { unsigned int a; unsigned short b, c; unsigned char d[8]; };

int DllGetClassObject(const struct guid *class, const struct guid *interface, void **object) {
  const unsigned char *d = class->d;
  (void)interface;
  *object = 0;
  fprintf(stderr, "profiler: asked for {%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}\n", class->a, class->b, class->c, d[0], d[1],
          d[2], d[3], d[4], d[5], d[6], d[7]);
  return (int)0x80040111u; /* CLASS_E_CLASSNOTAVAILABLE: the app runs on without a profiler. */
}
