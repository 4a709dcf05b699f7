export const adapter = 'an adapter';
