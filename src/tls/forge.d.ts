import 'node-forge';

// In node-forge since 0.7, missing from its types.
declare module 'node-forge' {
  namespace util {
    function bytesFromIP(address: string): string;
  }
}
