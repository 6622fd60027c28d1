/** Of a stack that runs beside others. */
export const FREE_PORTS = {
  CHATLIO_AEP_TEMPORAL_PORT: '0',
  CHATLIO_AEP_TEMPORAL_UI_PORT: '0',
  CHATLIO_AEP_POSTGRES_PORT: '0',
  CHATLIO_AEP_SIMULATOR_PORT: '0',
  RECEIVER_PORT: '0',
  LOG_LEVEL: 'info',
};
