import { config } from 'zod';

// The Content-Security-Policy forbids code from text. zod would try whether it may, and a browser reports the attempt. Schemas that exist before this is set
// would try all the same: the file is imported first.
config({ jitless: true });
