import { Body, Controller, HttpStatus, Post, Redirect } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { ReturnPathPipe } from '../auth/return-path.pipe.js';
import { Preferences } from './preferences.js';
import { PreferencesPipe } from './preferences.pipe.js';

@Controller('preferences')
export class PreferencesController {
  @Post()
  @Redirect('/', HttpStatus.SEE_OTHER)
  change(
    @Session(Preferences) preferences: Session<Preferences>,
    @Body(PreferencesPipe) choice: Partial<Preferences>,
    @Body('returnTo', ReturnPathPipe) returnTo: string,
  ): { url: string } {
    // Nothing but a session like the others. That it is sealed into a cookie is said in the module, and matters nowhere else.
    Object.assign(preferences.data, choice);
    return { url: returnTo };
  }
}
