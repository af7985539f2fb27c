export declare function judgeAudit(output: string): { readonly code: 0 | 1; readonly text: string };
