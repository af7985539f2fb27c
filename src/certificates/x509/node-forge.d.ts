// Missing from the types of node-forge: a function that exists since 0.7, and the modules of its parts.
declare module 'node-forge' {
  namespace util {
    function bytesFromIP(address: string): string;
  }
}

declare module 'node-forge/lib/asn1.js' {
  import type Forge from 'node-forge';

  const asn1: typeof Forge.asn1;
  export default asn1;
}

declare module 'node-forge/lib/util.js' {
  import type Forge from 'node-forge';

  const util: typeof Forge.util;
  export default util;
}
